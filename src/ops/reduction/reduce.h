// What the reductions share. As ONNX has them since opset 18: axes are an optional input, which may be
// computed at run time; without any, all axes are reduced, unless noop_with_empty_axes.
#pragma once

#include <optional>
#include <vector>

#include "ops/builder.h"
#include "ops/elementwise/elementwise.h"

namespace twofour::ops {

/// One flag per axis of input 0; nothing when the axes are not known from the graph.
std::optional<std::vector<bool>> reduced_axes(const Node& node);
/// The same from the tensors.
std::vector<bool> reduced_axes(const ReferenceArgs& args);

/// The type of input 0 without the reduced axes, or with 1 in their place. The dtype is not checked.
void infer_reduction(const Node& node, std::span<ValueType> outputs);

/// `v`, shaped as the node's output, with the reduced axes back as 1, so that it broadcasts to input 0.
Value* with_kept_axes(Builder& b, const Node& node, Value* v);

/// Calls fn(index in src, index in dst) for every element of src.
template <typename Fn>
void for_each_reduced(const Shape& src, const std::vector<bool>& reduced, Fn&& fn) {
  Shape kept = src;
  for (size_t i = 0; i < src.rank(); ++i)
    if (reduced[i]) kept[i] = 1;
  for_each_broadcast(kept, src, src, [&](size_t dst, size_t from, size_t) { fn(from, dst); });
}

/// A reduction of floating-point values and integers of 32 and 64 bits; `distinct` examples for those with
/// kinks.
OpDef reduction(std::string_view name, std::string_view doc, ReferenceFn reference, const Grad& grad, Amp amp,
                bool distinct = false);

}  // namespace twofour::ops
