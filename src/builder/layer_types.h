// The types that layers compute in and give: by name, as they came out, and as the user wants them.
#pragma once

#include <set>
#include <span>
#include <string>
#include <vector>

#include "ir/graph.h"
#include "twofour/build_report.h"
#include "twofour/precision.h"

namespace twofour::builder {

/// "int8", "bf16", "fp32": the type of the first input that holds real numbers, as floats or as 8-bit codes;
/// of the first output where no input does; "" without either.
std::string precision_of(std::span<const DType> inputs, std::span<const DType> outputs);

/// The nodes that a layer was made of: "conv1 + relu1".
std::vector<std::string> parts_of(const std::string& layer);

/// Names of the graph's nodes.
std::set<std::string> node_names(const Graph& graph);

/// Throws Error{kNotFound} when a glob of `wanted` matches none of `nodes`.
void check_layer_types(const LayerTypes& wanted, const std::set<std::string>& nodes);

/// Whether `wanted` keeps the layer from computing in `type`, by what it says of one of its nodes.
bool is_kept_from(const LayerTypes& wanted, const std::string& layer, DType type);
/// Whether `wanted` keeps the results of the node from being of `type`.
bool gives_other_than(const LayerTypes& wanted, const std::string& node, DType type);

/// Where the report is not as wanted: "layer "fc1" computes in fp32, not int8". `nodes`: of the model.
std::vector<std::string> broken_wishes(const BuildReport& report, const LayerTypes& wanted,
                                       const std::set<std::string>& nodes);

}  // namespace twofour::builder
