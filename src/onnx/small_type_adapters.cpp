#include "onnx/small_type_adapters.h"

#include "onnx/draft_edit.h"
#include "onnx/small_type.h"
#include "onnx/vendor/emit.h"
#include "ops/infer.h"

namespace twofour::onnx_io {
namespace {

/// The small type of the result: attribute `name` holds its number, or it is that of input `like`.
const SmallType* result_type(const Draft& draft, const char* name, size_t like) {
  const int64_t number = draft.attrs.i(name, 0);
  return number == 0 ? draft.small_type(like) : find_small_type(static_cast<int32_t>(number));
}

/// A scale for each block along an axis, or for each index of it, so that it broadcasts to `src`.
Value* spread(const Emit& emit, const Draft& draft, Value* scale) {
  const Value* src = draft.input(0);
  if (scale->rank() == 0 || (scale->rank() == 1 && scale->dims()[0] == Dim(1))) return scale;
  const size_t rank = rank_of(draft);
  const size_t axis = axis_of(draft, 1);
  const int64_t block = draft.attrs.i("block_size", 0);
  if (block == 0) {
    std::vector<int64_t> shape(rank - axis, 1);
    shape[0] = -1;
    return emit.reshape(scale, shape);
  }
  std::vector<int64_t> repeated, joined;
  for (size_t i = 0; i < rank; ++i) {
    joined.push_back(known_size(scale, i, "scale") * (i == axis ? block : 1));
    repeated.push_back(known_size(scale, i, "scale"));
    if (i == axis) repeated.push_back(block);
  }
  const auto at = static_cast<int64_t>(axis);
  Value* blocks = emit.op("Expand", {emit.unsqueeze(scale, {at + 1}), emit.i64(repeated)});
  return emit.slice(emit.reshape(blocks, joined), at, emit.i64({0}),
                    emit.i64({known_size(src, axis, "src")}));
}

/// (src - zero point) * scale, which holds for floats as well.
void dequantize(Draft& draft) {
  const Emit emit(draft);
  TWOFOUR_CHECK(draft.input(1), kInvalidArgument, "scale is missing");
  const DType dtype = draft.input(1)->dtype();
  const DType result = draft.attrs.i("output_dtype", 0) == 0 ? dtype : DType::kF32;
  TWOFOUR_CHECK(result == dtype, kUnsupported, "output_dtype is not supported for codes that are floats");
  Value* values = emit.cast(draft.input(0), dtype);
  if (draft.input(2))
    values = emit.op("Sub", {values, spread(emit, draft, emit.cast(draft.input(2), dtype))});
  draft.results.emplace(1, emit.mul(values, spread(emit, draft, draft.input(1))));
}

/// The nearest values of a float type, held by its storage.
Value* rounded(const Emit& emit, const Draft& draft, Value* src, const SmallType& type) {
  TWOFOUR_CHECK(type.storage == DType::kF16, kUnsupported, "a result of type {} is not supported", type.name);
  Value* dst = emit.op("RoundToMinifloat", {emit.cast(src, DType::kF32)},
                       {{"format", std::string(type.name)}, {"saturate", draft.attrs.i("saturate", 1)}});
  return emit.cast(dst, type.storage);
}

bool is_integer(const SmallType& type) { return type.storage == DType::kI8 || type.storage == DType::kU8; }

void quantize_to_float(Draft& draft, const SmallType& type) {
  const Emit emit(draft);
  Value* scale = spread(emit, draft, emit.cast(draft.input(1), DType::kF32));
  Value* quotient = emit.op("Div", {emit.cast(draft.input(0), DType::kF32), scale});
  draft.results.emplace(1, rounded(emit, draft, quotient, type));
}

void quantize_to_integer(Draft& draft, const SmallType& type) {
  const Emit emit(draft);
  Attrs attrs = draft.attrs;
  for (const char* name : {"saturate", "precision"}) attrs.erase(name);
  attrs.set("output_dtype", std::string(dtype_name(type.storage)));
  const bool is_signed = type.storage == DType::kI8;
  const float low = is_signed ? static_cast<float>(-(1 << (type.bits - 1))) : 0;
  const float high = static_cast<float>((1 << (type.bits - (is_signed ? 1 : 0))) - 1);
  Value* codes = emit.op("QuantizeLinear", draft.inputs, std::move(attrs));
  draft.results.emplace(
      1, emit.op("Clip", {codes, emit.scalar(low, type.storage), emit.scalar(high, type.storage)}));
}

void quantize(Draft& draft, const SmallType& type) {
  TWOFOUR_CHECK(draft.input(0) && draft.input(1), kInvalidArgument, "src or scale is missing");
  if (is_integer(type)) quantize_to_integer(draft, type);
  else quantize_to_float(draft, type);
}

/// Bits beyond those of the type are dropped.
Value* wrapped(const Emit& emit, Value* src, const SmallType& type) {
  const auto number = [&](int32_t v) {
    return emit.constant(Tensor::of<int32_t>({}, std::span<const int32_t>(&v, 1)));
  };
  Value* low = emit.op("BitwiseAnd", {emit.cast(src, DType::kI32), number((1 << type.bits) - 1)});
  if (type.storage == DType::kU8) return emit.cast(low, DType::kU8);
  Value* sign = number(1 << (type.bits - 1));
  return emit.cast(emit.op("Sub", {emit.op("BitwiseXor", {low, sign}), sign}), DType::kI8);
}

void cast(Draft& draft, const SmallType& type) {
  TWOFOUR_CHECK(draft.input(0), kInvalidArgument, "input 0 is missing");
  const Emit emit(draft);
  Value* src = draft.input(0);
  draft.results.emplace(1, is_integer(type) ? wrapped(emit, src, type) : rounded(emit, draft, src, type));
}

}  // namespace

void adapt_small_types(Draft& draft) {
  if (draft.op == "QuantizeLinear") {
    if (const SmallType* type = result_type(draft, "output_dtype", 2)) quantize(draft, *type);
  } else if (draft.op == "Cast" || draft.op == "CastLike") {
    if (const SmallType* type = result_type(draft, "to", 1)) cast(draft, *type);
  } else if (draft.op == "DequantizeLinear" && draft.input(0) && is_float(draft.input(0)->dtype())) {
    dequantize(draft);
  }
}

}  // namespace twofour::onnx_io
