// Runs graphs node by node through the reference kernels: the oracle of the tests and the constant folder.
// Slow.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "ops/op_def.h"

namespace twofour::ops {

/// The values of the graph's outputs for these values of its inputs, in order. Sizes that the graph leaves
/// open are taken from the inputs and from what is computed on the way. Throws Error{kInvalidArgument} when
/// an input does not fit, and what inference and the reference kernels throw.
std::vector<Tensor> evaluate(const Graph& graph, std::span<const Tensor> inputs);

struct EvaluateHooks {
  /// By name: values that are taken as they are. What only they need is not computed.
  std::map<std::string, Tensor> given;
  /// Called with every value that was computed.
  std::function<void(const std::string& name, const Tensor& tensor)> observe;
};
/// The same with hooks; those of subgraphs are not called. Throws Error{kInvalidArgument} too when a given
/// tensor is not of the value's type.
std::vector<Tensor> evaluate(const Graph& graph, std::span<const Tensor> inputs, const EvaluateHooks& hooks);

/// What a control flow op gives for inputs and output types as in ControlArgs, its subgraphs evaluated.
std::vector<Tensor> evaluate_control(const OpDef& op, const Attrs& attrs, std::span<const Tensor> inputs,
                                     std::span<const ValueType> types);

/// Whether computing it twice may give different results.
bool is_random(const OpDef& op);

/// Whether the node can be computed before anything runs: every input is a constant (a node without inputs
/// too).
bool all_inputs_constant(const Node& node);

}  // namespace twofour::ops
