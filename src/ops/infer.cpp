#include "ops/infer.h"

#include <algorithm>

namespace twofour::ops {

void check_float(const ValueType& type, std::string_view what) {
  TWOFOUR_CHECK(type.dtype == DType::kF32 || is_half(type.dtype), kUnsupported,
                "{} is {}; only f32, f16 and bf16 are supported", what, type.to_string());
}

void check_real(const ValueType& type, std::string_view what) {
  TWOFOUR_CHECK(is_float(type.dtype), kUnsupported, "{} is {}; only f32, f64, f16 and bf16 are supported",
                what, type.to_string());
}

void check_wide_number(const ValueType& type, std::string_view what) {
  TWOFOUR_CHECK(is_float(type.dtype) || dtype_size(type.dtype) >= 4, kUnsupported,
                "{} is {}; floating point and integers of 32 and 64 bits are supported", what,
                type.to_string());
}

void check_number(const ValueType& type, std::string_view what) {
  TWOFOUR_CHECK(type.dtype != DType::kBool, kUnsupported, "{} is bool; numbers are expected", what);
}

void check_dtype(const ValueType& type, DType dtype, std::string_view what) {
  TWOFOUR_CHECK(type.dtype == dtype, kInvalidArgument, "{} is {}; it must be of type {}", what,
                type.to_string(), dtype_name(dtype));
}

void check_dims(const ValueType& type, const Dims& expected, std::string_view what) {
  TWOFOUR_CHECK(type.dims.size() == expected.size() && std::ranges::equal(type.dims, expected, dims_fit),
                kInvalidArgument, "{} is {}; {} is expected", what, type.to_string(),
                ValueType{type.dtype, expected}.to_string());
}

void check_one_element(const ValueType& type, std::string_view what) {
  TWOFOUR_CHECK(std::ranges::all_of(type.dims, [](const Dim& d) { return d == Dim(1); }), kInvalidArgument,
                "{} is {}; it must have one element", what, type.to_string());
}

void check_index(const ValueType& type, std::string_view what) {
  TWOFOUR_CHECK(type.dtype == DType::kI64 || type.dtype == DType::kI32, kInvalidArgument,
                "{} is {}; it must be i32 or i64", what, type.to_string());
}

size_t normalize_axis(int64_t axis, size_t rank) {
  const auto n = static_cast<int64_t>(rank);
  TWOFOUR_CHECK(axis >= -n && axis < n, kInvalidArgument, "axis {} is outside [{}, {})", axis, -n, n);
  return static_cast<size_t>(axis < 0 ? axis + n : axis);
}

int64_t normalize_index(int64_t index, int64_t size) {
  TWOFOUR_CHECK(index >= -size && index < size, kInvalidArgument, "index {} is outside [{}, {})", index,
                -size, size);
  return index < 0 ? index + size : index;
}

std::vector<bool> axis_flags(const std::vector<int64_t>& axes, size_t rank) {
  std::vector<bool> flags(rank, false);
  for (const int64_t axis : axes) {
    const size_t i = normalize_axis(axis, rank);
    TWOFOUR_CHECK(!flags[i], kInvalidArgument, "axis {} is named twice", axis);
    flags[i] = true;
  }
  return flags;
}

std::optional<DType> dtype_attr(const Attrs& attrs, std::string_view name) {
  if (!attrs.has(name)) return std::nullopt;
  const std::string text = attrs.s(name, "");
  const auto dtype = dtype_from_name(text);
  TWOFOUR_CHECK(dtype, kInvalidArgument, "attribute {} is \"{}\", which names no type", name, text);
  return dtype;
}

Shape shape_attr(const Attrs& attrs, std::string_view name) {
  Shape shape(attrs.ints(name));
  for (const int64_t size : shape)
    TWOFOUR_CHECK(size >= 0, kInvalidArgument, "attribute {} is {}; sizes must not be negative", name,
                  shape.to_string());
  return shape;
}

bool dims_fit(const Dim& a, const Dim& b) { return !a.known() || !b.known() || a.value == b.value; }

Dim merge(const Dim& a, const Dim& b) { return a.known() || (!b.known() && b.symbol.empty()) ? a : b; }

Dim add(const Dim& a, const Dim& b) {
  if (a == Dim(0)) return b;
  if (b == Dim(0)) return a;
  if (!a.known() || !b.known()) return {};
  int64_t sum = 0;
  TWOFOUR_CHECK(!__builtin_add_overflow(a.value, b.value, &sum), kResourceExhausted,
                "the sum of sizes {} and {} does not fit 63 bits", a.value, b.value);
  return sum;
}

Dim product(std::span<const Dim> dims) {
  if (std::ranges::find(dims, Dim(0)) != dims.end()) return 0;
  int64_t known = 1;
  size_t unknown = 0;
  Dim last;
  for (const Dim& dim : dims) {
    if (!dim.known()) {
      ++unknown;
      last = dim;
    } else {
      TWOFOUR_CHECK(!__builtin_mul_overflow(known, dim.value, &known), kResourceExhausted,
                    "the product of the sizes does not fit 63 bits");
    }
  }
  if (unknown == 0) return known;
  return unknown == 1 && known == 1 ? last : Dim();
}

void infer_same(const Node& node, std::span<ValueType> outputs) { outputs[0] = node.input(0)->type(); }

void infer_same_float(const Node& node, std::span<ValueType> outputs) {
  check_float(node.input(0)->type(), "the input");
  infer_same(node, outputs);
}

void infer_same_real(const Node& node, std::span<ValueType> outputs) {
  check_real(node.input(0)->type(), "the input");
  infer_same(node, outputs);
}

void infer_same_number(const Node& node, std::span<ValueType> outputs) {
  check_number(node.input(0)->type(), "the input");
  infer_same(node, outputs);
}

std::vector<int64_t> to_ints(const Tensor& tensor) {
  const auto copy = [](const auto span) { return std::vector<int64_t>(span.begin(), span.end()); };
  if (tensor.dtype() == DType::kI32) return copy(tensor.span<int32_t>());
  TWOFOUR_CHECK(tensor.dtype() == DType::kI64, kInvalidArgument, "indices are {}; they must be i32 or i64",
                dtype_name(tensor.dtype()));
  return copy(tensor.span<int64_t>());
}

void store(const Tensor& values, const Tensor& dst) {
  TWOFOUR_ASSERT(values.numel() == dst.numel());
  const Tensor converted = values.to(dst.dtype());
  std::copy_n(converted.raw(), converted.size_bytes(), dst.raw());
}

}  // namespace twofour::ops
