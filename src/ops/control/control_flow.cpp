#include "ops/control/control_flow.h"

#include <algorithm>

#include "ops/infer.h"
#include "ops/strided.h"

namespace twofour::ops {

std::vector<ValueType> subgraph_types(const Graph& body, std::span<const ValueType> inputs) {
  TWOFOUR_CHECK(body.inputs().size() == inputs.size(), kInvalidArgument,
                "subgraph \"{}\" has {} inputs, it is given {}", body.name(), body.inputs().size(),
                inputs.size());
  Graph bound = body.clone();
  for (size_t i = 0; i < inputs.size(); ++i) {
    Value* input = bound.inputs()[i];
    check_dtype(inputs[i], input->dtype(), input->name());
    input->set_type(inputs[i]);
  }
  infer_all(bound);
  std::vector<ValueType> types;
  for (const Value* output : bound.outputs()) types.push_back(output->type());
  return types;
}

ValueType common_type(const ValueType& a, const ValueType& b, std::string_view what) {
  TWOFOUR_CHECK(a.dtype == b.dtype, kInvalidArgument, "{} is {} in one place and {} in the other", what,
                a.to_string(), b.to_string());
  if (!a.known || !b.known || a.dims.size() != b.dims.size()) return ValueType::unknown(a.dtype);
  ValueType common = a;
  for (size_t i = 0; i < a.dims.size(); ++i)
    if (a.dims[i] != b.dims[i]) common.dims[i] = Dim();
  return common;
}

std::vector<ValueType> common_types(std::span<const ValueType> a, std::span<const ValueType> b,
                                    std::string_view what) {
  TWOFOUR_CHECK(a.size() == b.size(), kInvalidArgument, "{} and {} values do not match", a.size(), b.size());
  std::vector<ValueType> common;
  for (size_t i = 0; i < a.size(); ++i) common.push_back(common_type(a[i], b[i], what));
  return common;
}

size_t count_captures(const Attrs& attrs, size_t num_inputs) {
  const int64_t count = attrs.i("num_captures", 0);
  TWOFOUR_CHECK(count >= 0 && static_cast<size_t>(count) <= num_inputs, kInvalidArgument,
                "num_captures is {}, there are {} inputs", count, num_inputs);
  return static_cast<size_t>(count);
}

std::vector<ValueType> body_types(const Node& node) {
  std::vector<ValueType> inputs;
  for (const Value* value : node.inputs()) inputs.push_back(value ? value->type() : ValueType{});
  if (node.op() == "If") return {inputs.begin() + 1, inputs.end()};
  const bool is_loop = node.op() == "Loop";
  std::vector<ValueType> types =
      is_loop ? loop_body_types(node.attrs(), inputs) : scan_body_types(node.attrs(), inputs);
  // The states are as wide as the results.
  const size_t first = is_loop ? 2 : 0;
  const size_t scanned = static_cast<size_t>(node.attrs().i("num_scan_inputs", 0));
  const size_t num_states = inputs.size() - first - scanned - num_captures(node);
  for (size_t i = 0; i < num_states; ++i) types[first + i] = node.output(i)->type();
  return types;
}

void check_count(size_t results, size_t expected) {
  TWOFOUR_CHECK(results == expected, kInvalidArgument, "the subgraph gives {} results, {} are needed",
                results, expected);
}

void check_states(size_t states, size_t results) {
  TWOFOUR_CHECK(states <= results, kInvalidArgument, "the loop has {} states and only {} results", states,
                results);
}

size_t num_captures(const Node& node) {
  if (node.op() == "If") return node.inputs().size() - 1;
  return count_captures(node.attrs(), node.inputs().size());
}

ScanAxis scan_axis(const Attrs& attrs, const std::string& list, size_t i, size_t rank) {
  const std::vector<int64_t> axes = attrs.ints(list + "_axes");
  const std::vector<int64_t> directions = attrs.ints(list + "_directions");
  return {normalize_axis(i < axes.size() ? axes[i] : 0, rank), i < directions.size() && directions[i] == 1};
}

Value* example_node(Graph& graph, const char* op, std::vector<Value*> inputs) {
  const ValueType type = inputs[0]->type();
  Value* output = graph.add_node(op, std::move(inputs), 1)->output();
  output->set_type(type);
  return output;
}

size_t stacked_rank(std::span<const Tensor> slices, const ValueType& type) {
  if (type.known) return type.dims.size();
  return 1 + (slices.empty() ? 0 : slices[0].shape().rank());
}

Tensor stack(std::span<const Tensor> slices, const ScanAxis& axis, const ValueType& type) {
  const auto count = static_cast<int64_t>(slices.size());
  const auto at = static_cast<std::ptrdiff_t>(axis.axis);
  const size_t rank = stacked_rank(slices, type);
  TWOFOUR_CHECK(axis.axis < rank, kInvalidArgument, "{} has no axis {} to stack slices along",
                type.to_string(), axis.axis);
  std::vector<int64_t> dims(rank);
  if (!slices.empty()) {
    dims = slices[0].shape().dims();
    TWOFOUR_CHECK(dims.size() + 1 == rank, kInvalidArgument, "a slice of {} has shape {}", type.to_string(),
                  slices[0].shape().to_string());
    dims.insert(dims.begin() + at, count);
  } else {
    for (size_t i = 0; i < type.dims.size(); ++i) dims[i] = type.dims[i].size_or(0);
    dims[axis.axis] = 0;
  }
  Tensor result(type.dtype, Shape(dims));
  std::vector<int64_t> strides = result.shape().strides();
  const int64_t step = strides[axis.axis];
  strides.erase(strides.begin() + at);
  for (int64_t i = 0; i < count; ++i) {
    const Tensor& src = slices[static_cast<size_t>(axis.reversed ? count - 1 - i : i)];
    TWOFOUR_CHECK(src.dtype() == type.dtype && src.shape() == slices[0].shape(), kInvalidArgument,
                  "iterations give slices of shape {} and {}", slices[0].shape().to_string(),
                  src.shape().to_string());
    copy_strided(src, {0, src.shape().strides()}, result, {i * step, strides}, src.shape());
  }
  return result;
}

Tensor slice_at(const Tensor& tensor, const ScanAxis& axis, int64_t index) {
  std::vector<int64_t> dims = tensor.shape().dims();
  std::vector<int64_t> strides = tensor.shape().strides();
  const auto at = static_cast<std::ptrdiff_t>(axis.axis);
  const int64_t position = axis.reversed ? dims[axis.axis] - 1 - index : index;
  const int64_t offset = position * strides[axis.axis];
  dims.erase(dims.begin() + at);
  strides.erase(strides.begin() + at);
  Tensor result(tensor.dtype(), Shape(dims));
  copy_strided(tensor, {offset, strides}, result, {0, result.shape().strides()}, result.shape());
  return result;
}

}  // namespace twofour::ops
