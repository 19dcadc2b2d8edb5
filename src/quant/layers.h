// The layers that could be quantised: products, and why some stay in floating point. The reasons are a closed
// list, so that reports can be compared.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ir/graph.h"

namespace twofour::quant {

enum class Reason : uint8_t {
  kQuantised,
  kExcluded,
  kAccuracy,
  kNotF32,
  kUnknownRank,
  kVector,
  kTransposed,
  kComputedWeight,
  kEmpty,
  kNotFinite,
  kNoRange,
};
/// "" for kQuantised, else a sentence without a stop: "the weight is not constant".
std::string_view reason_text(Reason reason);

struct Layer {
  Node* node;
  Reason reason;        // the first that applies
  bool weighted;        // input 1 is a constant; a product of two activations otherwise
  size_t weight_axis;   // of output channels, in input 1
  size_t channel_axis;  // the same in the result
};

/// Conv, Gemm and MatMul, in topological order.
std::vector<Layer> find_layers(const Graph& graph);

/// Layers that `include` (empty: all) and `exclude`, globs of node names, leave out get kExcluded. Throws
/// Error{kNotFound} on a glob that matches no layer.
void exclude_layers(std::vector<Layer>& layers, const std::vector<std::string>& include,
                    const std::vector<std::string>& exclude);

/// The finite constant vector, one value for each output channel, that the layer adds: its own bias, or that
/// of the Add which alone reads a MatMul. The node is null when there is none.
struct BiasInput {
  Node* node = nullptr;
  size_t input = 0;
  Value* value() const { return node->input(input); }
};
BiasInput find_bias(const Graph& graph, const Layer& layer);

/// Output channels of a weighted layer.
int64_t num_channels(const Layer& layer);

}  // namespace twofour::quant
