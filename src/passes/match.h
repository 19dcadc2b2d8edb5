// What the rewrites share: questions about the neighbourhood of a node, and replacing it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ir/graph.h"

namespace twofour::passes {

/// The node that alone reads `value`, once; null when there are other uses or the value is a graph output.
Node* only_user(const Graph& graph, const Value* value);

/// The same sizes for certain: equal numbers, or the same named symbol.
bool same_dims(const Dims& a, const Dims& b);
/// The same of the shapes of two values, whose ranks may be unknown.
bool same_shape(const Value* a, const Value* b);

/// Computes each element from the elements at the same place.
bool is_elementwise(const Node& node);

/// The element of a float constant with one element.
std::optional<float> scalar_of(const Value* value);

/// The element of a constant with one element; 0 for no value.
std::optional<double> number_of(const Value* value);

/// Of a node with two inputs, the one that is not `value`.
Value* other_input(const Node& node, const Value* value);

/// The Add that alone reads `value`, when its other input has the same shape; null otherwise.
Node* residual_add(const Graph& graph, const Value* value);

/// "conv1 + relu1", as TensorRT names a fused layer.
std::string joined_name(const std::vector<Node*>& nodes);

/// Every use of `old` reads `value` instead; old's node is erased, and `value` takes its name if old was a
/// graph output. `value` must be an output of another node then.
void replace(Graph& graph, Value* old, Value* value);

/// Replaces the last output of a chain by `value`, erases the chain from its end and gives `value` the name.
void replace_chain(Graph& graph, const std::vector<Node*>& chain, Value* value);

/// One node, called `name`, takes the place of a chain. It stands where the chain ends, so that it may read
/// what any node of the chain reads.
Node* fuse_chain(Graph& graph, const std::vector<Node*>& chain, std::string_view op,
                 std::vector<Value*> inputs, Attrs attrs, std::string name);

}  // namespace twofour::passes
