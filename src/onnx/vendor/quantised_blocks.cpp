// QAttention, QEmbedLayerNormalization and MatMulNBits.
#include "onnx/small_type.h"
#include "onnx/vendor/adapters.h"
#include "onnx/vendor/attention_inputs.h"
#include "onnx/vendor/embedding.h"
#include "onnx/vendor/quantised.h"

namespace twofour::onnx_io {
namespace {

/// Each of `rows` rows of packed codes starts at a byte of its own; the first `count` codes of a row are
/// kept.
Tensor unpacked_rows(const Tensor& packed, int64_t rows, int64_t count, int64_t bits, std::string_view name) {
  TWOFOUR_CHECK(packed.dtype() == DType::kU8 && rows > 0 && packed.numel() % rows == 0 &&
                    packed.numel() / rows * 8 >= count * bits,
                kInvalidArgument, "{} is {} of shape {}; {} rows of {} codes of {} bits are expected", name,
                dtype_name(packed.dtype()), packed.shape().to_string(), rows, count, bits);
  const auto row_bytes = static_cast<size_t>(packed.numel() / rows);
  Tensor codes(DType::kU8, {rows, count});
  const auto bytes = std::as_bytes(packed.span<uint8_t>());
  uint8_t* dst = codes.span<uint8_t>().data();
  for (size_t row = 0; row < static_cast<size_t>(rows); ++row)
    for (size_t i = 0; i < static_cast<size_t>(count); ++i)
      *dst++ = code_at(bytes.subspan(row * row_bytes, row_bytes), static_cast<int>(bits), i);
  return codes;
}

struct Blocks {
  int64_t n, k, bits, size;
  int64_t count() const { return (k + size - 1) / size; }
};

Blocks blocks_of(const Draft& draft) {
  const Blocks b = {draft.attrs.i("N", 0), draft.attrs.i("K", 0), draft.attrs.i("bits", 4),
                    draft.attrs.i("block_size", 0)};
  constexpr int64_t kMost = int64_t{1} << 40;
  TWOFOUR_CHECK(b.n >= 1 && b.n <= kMost && b.k >= 1 && b.k <= kMost && b.size >= 16 && b.size <= kMost &&
                    (b.size & (b.size - 1)) == 0,
                kInvalidArgument,
                "N is {}, K {} and block_size {}; numbers from 1 to 2^40 are expected, block_size a power of "
                "two from 16 on",
                b.n, b.k, b.size);
  TWOFOUR_CHECK(b.bits == 2 || b.bits == 4 || b.bits == 8, kUnsupported,
                "bits is {}; 2, 4 and 8 are supported", b.bits);
  return b;
}

/// Zero points as codes [N, blocks].
Value* zero_codes(const Emit& emit, const Draft& draft, const Blocks& b) {
  if (draft.input(3))
    return emit.constant(
        unpacked_rows(constant_data(draft.input(3), "zero_points"), b.n, b.count(), b.bits, "zero_points"));
  Tensor middle(DType::kU8, {b.n, b.count()});
  std::ranges::fill(middle.span<uint8_t>(), static_cast<uint8_t>(1 << (b.bits - 1)));
  return emit.constant(std::move(middle));
}

/// Numbers [N, blocks] as [N, K].
Value* spread(const Emit& emit, Value* numbers, const Blocks& b, const Attrs& attrs) {
  Tensor ones(DType::kU8, {b.n, b.k});
  std::ranges::fill(ones.span<uint8_t>(), uint8_t{1});
  return dequantised(emit, emit.constant(std::move(ones)), numbers, nullptr, attrs);
}

/// The weight as [N, K] of the scales' type.
Value* weight_of(const Emit& emit, const Draft& draft, const Blocks& b) {
  Value* codes = emit.constant(unpacked_rows(constant_data(draft.input(1), "B"), b.n, b.k, b.bits, "B"));
  Value* scale = emit.reshape(draft.input(2), {b.n, b.count()});
  const Attrs attrs = {{"axis", int64_t{1}}, {"block_size", b.size}};
  const bool zero_is_code = !draft.input(3) || draft.input(3)->dtype() == DType::kU8;
  if (zero_is_code) return dequantised(emit, codes, scale, zero_codes(emit, draft, b), attrs);
  Value* zero = emit.cast(emit.reshape(draft.input(3), {b.n, b.count()}), scale->dtype());
  Value* difference = emit.op("Sub", {emit.cast(codes, scale->dtype()), spread(emit, zero, b, attrs)});
  return emit.mul(difference, spread(emit, scale, b, attrs));
}

}  // namespace

void ms_matmul_nbits(Draft& draft) {
  const Emit emit(draft);
  refuse_set(draft, {"weight_prepacked"});
  TWOFOUR_CHECK(!draft.input(4), kUnsupported, "g_idx is not supported");
  Value* weight = emit.transpose(weight_of(emit, draft, blocks_of(draft)), {1, 0});
  draft.results.emplace(1, emit.add_optional(emit.op("MatMul", {draft.input(0), weight}), draft.input(5)));
}

void ms_q_attention(Draft& draft) {
  const Emit emit(draft);
  check_rank(draft.input(0), 3, "input");
  Value* product = scaled_product(emit, draft.input(0), draft.input(3), draft.input(6), draft.input(1),
                                  draft.input(4), draft.input(7));
  attend_projected(emit,
                   {.qkv = emit.add(emit.cast(product, draft.input(3)->dtype()), draft.input(2)),
                    .mask = draft.input(5),
                    .past = draft.input(8),
                    .bias = nullptr},
                   draft);
}

void ms_q_embed_layer_norm(Draft& draft) {
  const Emit emit(draft);
  const auto values = [&](size_t codes, size_t scale, size_t zero_point) {
    if (!draft.input(codes)) return static_cast<Value*>(nullptr);
    TWOFOUR_CHECK(draft.input(scale), kInvalidArgument, "input {} is missing", scale);
    return dequantised(emit, draft.input(codes), draft.input(scale), draft.input(zero_point));
  };
  embed(emit,
        {.ids = draft.input(0),
         .segment_ids = draft.input(1),
         .position_ids = nullptr,
         .words = values(2, 8, 13),
         .positions = values(3, 9, 14),
         .segments = values(4, 10, 15),
         .scale = values(5, 11, 16),
         .bias = values(6, 12, 17),
         .mask = draft.input(7)},
        draft);
}

}  // namespace twofour::onnx_io
