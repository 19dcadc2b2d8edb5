// Puts QuantizeLinear and DequantizeLinear into a network: what ONNX Runtime, OpenVINO and TensorRT read as a
// quantised one, and what passes/ turns into operators on codes.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "ir/graph.h"
#include "twofour/quantize_options.h"

namespace twofour::quant {

struct Corrections {
  /// What is added to each output channel of a layer, by its name, through its bias.
  std::map<std::string, std::vector<float>> bias;
  /// Layers that stay in floating point for the accuracy.
  std::set<std::string> real_layers;
};

struct InsertReport {
  std::vector<QuantizedLayer> layers;
  std::vector<QuantizedTensor> tensors;
};

/// Products, and between them what works on codes, read activations as codes of `ranges`, and constant
/// weights as i8. Biases of Conv and Gemm become i32. Inputs and outputs of the network stay as they are.
/// Weights that the metadata calls 2:4 stay so under their new names, which is verified. Throws
/// Error{kNotFound} on a glob that matches no layer, kFailedPrecondition when no layer can be quantised.
InsertReport insert_codes(Graph& graph, const TensorRanges& ranges, const QuantizeOptions& options,
                          const Corrections& corrections = {});

}  // namespace twofour::quant
