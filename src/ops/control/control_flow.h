// What If, Loop and Scan share. Their branches and bodies are graphs in attributes. In ONNX those read values
// of the graphs around them by name; here every such value is an explicit input of the node, after ONNX's own
// inputs, and an input of each of its subgraphs, after the formal ones. Constants are copied into the
// subgraph.
#pragma once

#include "ops/op_def.h"

namespace twofour::ops {

/// The types that `body`'s outputs have when its inputs have these. Throws Error{kInvalidArgument} when their
/// number is another, or a type does not fit.
std::vector<ValueType> subgraph_types(const Graph& body, std::span<const ValueType> inputs);

/// The type of a value that may come from either place; dims that differ become unknown, and the whole type
/// when the ranks do. Throws Error{kInvalidArgument} naming `what` when the dtypes differ.
ValueType common_type(const ValueType& a, const ValueType& b, std::string_view what);
/// The same, one by one. Throws Error{kInvalidArgument} when there are more of one than of the other.
std::vector<ValueType> common_types(std::span<const ValueType> a, std::span<const ValueType> b,
                                    std::string_view what);

/// The last inputs of the node and of its subgraphs. Throws Error{kInvalidArgument} when the node has fewer.
size_t count_captures(const Attrs& attrs, size_t num_inputs);

/// Throws Error{kInvalidArgument} when a subgraph gives another number of results than the node needs.
void check_count(size_t results, size_t expected);

/// Throws Error{kInvalidArgument} when a loop has fewer results than states.
void check_states(size_t states, size_t results);

/// How many of a node's inputs are captures; 0 for an op without subgraphs.
size_t num_captures(const Node& node);

/// The types of a Loop's or Scan's body inputs in the first iteration; those of later ones may be wider.
std::vector<ValueType> loop_body_types(const Attrs& attrs, std::span<const ValueType> inputs);
std::vector<ValueType> scan_body_types(const Attrs& attrs, std::span<const ValueType> inputs);

/// Widens the first num_states types from `first_state` on until the body gives back what it takes;
/// returns the types of its outputs. `types_of(inputs)` are the body's output types, of which the states
/// begin at `first_result`.
template <typename TypesOf>
std::vector<ValueType> settle_states(std::vector<ValueType>& inputs, size_t first_state, size_t num_states,
                                     size_t first_result, const TypesOf& types_of) {
  while (true) {
    std::vector<ValueType> results = types_of(inputs);
    TWOFOUR_CHECK(results.size() >= first_result + num_states, kInvalidArgument,
                  "the body has {} outputs, at least {} are needed", results.size(),
                  first_result + num_states);
    const auto states = std::span(inputs).subspan(first_state, num_states);
    const std::vector<ValueType> wider =
        common_types(states, std::span(results).subspan(first_result, num_states), "a value of the loop");
    if (std::ranges::equal(wider, states)) return results;
    std::ranges::copy(wider, states.begin());
  }
}

/// The types that the inputs of a node's subgraphs have in every iteration. The node's outputs are typed.
std::vector<ValueType> body_types(const Node& node);

/// One axis of a Scan's input or output: "scan_input" or "scan_output" number i of a tensor of rank `rank`.
struct ScanAxis {
  size_t axis;
  bool reversed;
};
ScanAxis scan_axis(const Attrs& attrs, const std::string& list, size_t i, size_t rank);

/// A node of an example's subgraph, whose output has the type of its first input; the table of operators does
/// not exist yet when examples are made.
Value* example_node(Graph& graph, const char* op, std::vector<Value*> inputs);

/// The rank of what stack() makes: that of `type`, or where it has none one more than the slices have.
size_t stacked_rank(std::span<const Tensor> slices, const ValueType& type);
/// Stacks slices along a new axis; `type` is that of the result, which decides when there is none. Throws
/// Error{kInvalidArgument} when their types differ.
Tensor stack(std::span<const Tensor> slices, const ScanAxis& axis, const ValueType& type);
/// Slice `index` of an axis, which it drops.
Tensor slice_at(const Tensor& tensor, const ScanAxis& axis, int64_t index);

}  // namespace twofour::ops
