// How the scatter ops combine an update with what is there: attribute reduction, none | add | mul | max |
// min.
#pragma once

#include <algorithm>
#include <cstdint>
#include <type_traits>

#include "ops/op_def.h"

namespace twofour::ops {

enum class ScatterReduction : uint8_t { kNone, kAdd, kMul, kMax, kMin };

/// Throws Error{kInvalidArgument} on another name.
ScatterReduction scatter_reduction_from(const Attrs& attrs);
/// Throws Error{kUnsupported} when `dtype` cannot be reduced so.
void check_scatter_dtype(ScatterReduction reduction, DType dtype);
/// into[at] = reduce(into[at], from[by]) for one element of two tensors of one dtype.
void scatter_element(ScatterReduction reduction, const Tensor& into, int64_t at, const Tensor& from,
                     int64_t by);
/// The gradients of scattering `updates` (input 2) into src (input 0), where `gathered` is grad_dst at the
/// indices and `cleared` makes grad_dst with zeros there. Throws Error{kUnsupported} for mul, max and min.
template <typename Gathered, typename Cleared>
std::vector<Value*> scatter_grad(const GradArgs& args, const Gathered& gathered, const Cleared& cleared) {
  const ScatterReduction reduction = scatter_reduction_from(args.node.attrs());
  TWOFOUR_CHECK(reduction == ScatterReduction::kNone || reduction == ScatterReduction::kAdd, kUnsupported,
                "{} has no gradient for this reduction; none and add have", args.node.label());
  std::vector<Value*> result(3, nullptr);
  if (args.needed[0]) result[0] = reduction == ScatterReduction::kAdd ? args.grad_outputs[0] : cleared();
  if (args.needed[2]) result[2] = gathered();
  return result;
}

}  // namespace twofour::ops
