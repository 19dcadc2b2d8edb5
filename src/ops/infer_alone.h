// Inference for a node that stands in no graph: a step of a plan, or a node whose inputs are known better
// than the graph says.
#pragma once

#include <optional>

#include "ops/op_def.h"

namespace twofour::ops {

/// An input of such a node: known by its data, or by its type.
struct KnownInput {
  Tensor data;  // undefined: only the type is known
  ValueType type;
};

/// Adds such a node to `graph`; an input without a value is absent. Its outputs have no types yet.
Node* add_alone(Graph& graph, const std::string& op, const std::string& name, const Attrs& attrs,
                size_t num_outputs, std::span<const std::optional<KnownInput>> inputs);
/// The types of the outputs; an input without a value is absent. Throws as infer_types does.
std::vector<ValueType> infer_alone(const std::string& op, const std::string& name, const Attrs& attrs,
                                   size_t num_outputs, std::span<const std::optional<KnownInput>> inputs);

}  // namespace twofour::ops
