// A network at one precision, as one file that twofour and its peers read.
//
// int8: a float network is quantised by twofour and written with QuantizeLinear and DequantizeLinear. Its
// ranges come from a few random inputs and its biases stay uncorrected, for only its speed counts: the
// outputs say nothing about accuracy. A network that has codes already is run as it is.
#pragma once

#include "cli/inputs.h"
#include "models/model_list.h"
#include "precision.h"

namespace twofour::bench {

struct Network {
  const BenchModel* entry;
  Precision precision;
  std::string onnx;  // the file
  Model model;       // what twofour reads from it
};

/// `models`: the folder of BenchModel::file. Files are written to `work`, where those of an earlier call
/// serve again. Throws Error{kFailedPrecondition} when a network in codes is asked for at another precision,
/// and what quantize() throws.
Network make_network(const BenchModel& entry, Precision precision, const std::filesystem::path& models,
                     const std::filesystem::path& work);

/// Computes on codes somewhere.
bool has_codes(const Model& model);

/// Random values of these shapes that the network accepts.
cli::Inputs network_inputs(const BenchModel& entry, const Model& model, const cli::Shapes& shapes);

}  // namespace twofour::bench
