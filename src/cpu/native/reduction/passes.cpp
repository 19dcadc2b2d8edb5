#include "cpu/native/reduction/passes.h"

#include <algorithm>

#include "cpu/native/loop_nest.h"
#include "ops/infer.h"

namespace twofour::cpu {
namespace {

/// Axes with more than one element, outermost in memory first.
std::vector<size_t> memory_order(const TensorDesc& desc) {
  std::vector<size_t> order;
  for (size_t i = 0; i < desc.shape.rank(); ++i)
    if (desc.shape[i] != 1) order.push_back(i);
  const auto strides = strides_in_memory(desc);
  std::ranges::stable_sort(order, [&](size_t a, size_t b) { return strides[a] > strides[b]; });
  return order;
}

/// Whether what is left of the source, in its memory order, is how dst lies in memory.
bool keeps_order(const NodeDesc& node, const std::vector<bool>& reduced) {
  const TensorDesc& src = node.inputs[0].desc;
  std::vector<size_t> kept;  // the axes of src that stand at dst's axes
  for (size_t i = 0; i < reduced.size(); ++i)
    if (!reduced[i] || node.outputs[0].shape.rank() == src.shape.rank()) kept.push_back(i);
  if (kept.size() != node.outputs[0].shape.rank()) return node.outputs[0].shape.numel() == 1;
  std::vector<size_t> expected;
  for (const size_t axis : memory_order(node.outputs[0])) expected.push_back(kept[axis]);
  std::vector<size_t> actual = memory_order(src);
  std::erase_if(actual, [&](size_t axis) { return reduced[axis]; });
  return actual == expected;
}

}  // namespace

std::optional<std::vector<bool>> reduced_axes(const NodeDesc& node) {
  const size_t rank = node.inputs[0].desc.shape.rank();
  if (node.op == "GradNormSquared") return std::vector<bool>(rank, true);
  std::vector<int64_t> axes;
  if (node.op == "GlobalAveragePool" || node.op == "GlobalMaxPool") {
    for (size_t i = 2; i < rank; ++i) axes.push_back(static_cast<int64_t>(i));
    return ops::axis_flags(axes, rank);
  }
  if (node.op == "ReduceMean") axes = node.attrs.ints("axes");
  if (node.has_input(1)) {
    if (!node.is_constant(1)) return std::nullopt;
    axes = ops::to_ints(node.inputs[1].data);
  }
  if (axes.empty()) return std::vector<bool>(rank, node.attrs.i("noop_with_empty_axes", 0) == 0);
  return ops::axis_flags(axes, rank);
}

std::vector<AxisPass> passes_over(const TensorDesc& src, const std::vector<bool>& reduced) {
  std::vector<std::pair<bool, int64_t>> groups;
  for (const size_t axis : memory_order(src)) {
    if (groups.empty() || groups.back().first != reduced[axis]) groups.emplace_back(reduced[axis], 1);
    groups.back().second *= src.shape[axis];
  }
  std::vector<AxisPass> passes;
  int64_t inner = 1;
  int64_t outer = src.shape.numel();
  for (size_t i = groups.size(); i-- > 0;) {
    const auto [is_reduced, size] = groups[i];
    outer /= size;
    if (is_reduced) passes.push_back({outer, size, inner});
    else inner *= size;
  }
  if (passes.empty()) passes.push_back({src.shape.numel(), 1, 1});
  return passes;
}

Support reduction_ok(const NodeDesc& node) {
  if (node.inputs[0].desc.shape.numel() == 0) return declined(Reason::kShape, "nothing to reduce");
  const auto reduced = reduced_axes(node);
  if (!reduced) return declined(Reason::kAttribute, "axes are not constant");
  if (!keeps_order(node, *reduced)) return declined(Reason::kFormat, node.outputs[0].to_string());
  return supported();
}

}  // namespace twofour::cpu
