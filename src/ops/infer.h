// What the inference functions share: checks of types and arithmetic on dims that may be unknown.
#pragma once

#include <optional>

#include "ops/op_def.h"

namespace twofour::ops {

/// Throws Error{kUnsupported} unless `type` is f32, f16 or bf16. `what` names the input in the text.
void check_float(const ValueType& type, std::string_view what);
/// The same, but f64 is allowed, too.
void check_real(const ValueType& type, std::string_view what);
/// The same, but integers of 32 and 64 bits are allowed, too: what ONNX lets its products have.
void check_wide_number(const ValueType& type, std::string_view what);
/// Throws Error{kUnsupported} on bool.
void check_number(const ValueType& type, std::string_view what);
/// Throws Error{kInvalidArgument} unless the dtype is the one given.
void check_dtype(const ValueType& type, DType dtype, std::string_view what);
/// Throws Error{kInvalidArgument} unless `type` may have exactly these dims; an unknown dim fits any.
void check_dims(const ValueType& type, const Dims& expected, std::string_view what);
/// Throws Error{kInvalidArgument} unless there is one element: rank 0, or every size 1.
void check_one_element(const ValueType& type, std::string_view what);
/// i32 or i64, as ONNX allows for indices.
void check_index(const ValueType& type, std::string_view what);

/// `axis`, counted from the end when negative. Throws Error{kInvalidArgument} unless it is in [-rank, rank).
size_t normalize_axis(int64_t axis, size_t rank);
/// `index` into `size` elements, counted from the end when negative. Throws Error{kInvalidArgument} outside.
int64_t normalize_index(int64_t index, int64_t size);
/// One flag per axis. Throws as normalize_axis does, and on an axis that is named twice.
std::vector<bool> axis_flags(const std::vector<int64_t>& axes, size_t rank);

/// The dtype that an attribute names, if it is there. Throws Error{kInvalidArgument} on an unknown name.
std::optional<DType> dtype_attr(const Attrs& attrs, std::string_view name);
/// A list attribute that holds a shape. Throws Error{kInvalidArgument} on a negative size.
Shape shape_attr(const Attrs& attrs, std::string_view name);

bool dims_fit(const Dim& a, const Dim& b);
/// The better known of two dims that fit.
Dim merge(const Dim& a, const Dim& b);
Dim add(const Dim& a, const Dim& b);
/// 0 when one is 0, the one unknown dim when all others are 1, else unknown when one is. Throws
/// Error{kResourceExhausted} on overflow.
Dim product(std::span<const Dim> dims);

/// outputs[0] = the type of input 0.
void infer_same(const Node& node, std::span<ValueType> outputs);
/// The same for f32, f16 and bf16 only.
void infer_same_float(const Node& node, std::span<ValueType> outputs);
/// The same for floating point, f64 included.
void infer_same_real(const Node& node, std::span<ValueType> outputs);
/// The same for every type but bool.
void infer_same_number(const Node& node, std::span<ValueType> outputs);

/// The elements of an i32 or i64 tensor.
std::vector<int64_t> to_ints(const Tensor& tensor);
/// Writes `values` to `dst`, which has as many elements, converted to its type.
void store(const Tensor& values, const Tensor& dst);
/// args.inputs[i], or an undefined Tensor when it was left out.
inline Tensor input_or_none(const ReferenceArgs& args, size_t i) {
  return i < args.inputs.size() ? args.inputs[i] : Tensor();
}

/// Calls fn(T{}) for f32, f64 and the integers. Throws Error{kUnsupported} on bool and half.
template <typename Fn>
void dispatch_number(DType dtype, Fn&& fn) {
  dispatch_dtype(dtype, [&]<typename T>(T zero) {
    if constexpr (std::is_arithmetic_v<T> && !std::is_same_v<T, bool>) fn(zero);
    else fail(ErrorCode::kUnsupported, "{} is not a type of numbers here", dtype_name(dtype));
  });
}

/// Calls fn(T{}) for f32 and f64. Throws Error{kUnsupported} on others.
template <typename Fn>
void dispatch_real(DType dtype, Fn&& fn) {
  if (dtype == DType::kF64) return fn(double{});
  TWOFOUR_CHECK(dtype == DType::kF32, kUnsupported, "{} is not f32 or f64", dtype_name(dtype));
  fn(float{});
}

}  // namespace twofour::ops
