// Which constants of a network are parameters, told by what reads them. ONNX files do not say.
//
// Parameters are the weights and biases of products, convolutions, normalisations, recurrent layers and
// embeddings, one-element ones too, and what is added to, subtracted from, multiplied with or joined to a
// learned value, unless it is a literal: a scalar, or one element that stands in a Constant node. Nodes that
// only move or rescale the constant on its way, by sizes of other values too, are looked through. Everything
// else keeps its value: running statistics, sizes, bounds, divisors and exponents (their gradient has poles),
// what is subtracted from another constant, and what scales or centres the input before the first weight.
#pragma once

#include <map>
#include <set>
#include <string_view>

#include "ir/graph.h"

namespace twofour::ops {

/// The first that applies to any use of the constant, but kParameter before the later ones.
enum class ConstantRole : uint8_t {
  kUnused,
  kNotFloat,
  kState,  // a port that its operator calls state
  kParameter,
  kScalesInput,
  kLiteral,
  kOperand,  // of an operator that has no parameters there
};
/// "" for kParameter, else what it is: "running statistics and sizes".
std::string_view role_text(ConstantRole role);

/// The role of every constant. `literals`: those that stand in Constant nodes.
std::map<const Value*, ConstantRole> constant_roles(const Graph& graph,
                                                    const std::set<const Value*>& literals = {});

}  // namespace twofour::ops
