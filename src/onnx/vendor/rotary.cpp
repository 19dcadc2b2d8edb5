// RotaryEmbedding of com.microsoft: other order of inputs, positions by an offset, and the number of heads
// follows from the caches.
#include "onnx/vendor/adapters.h"
#include "onnx/vendor/attention_core.h"

namespace twofour::onnx_io {
namespace {

/// [batch, sequence] of the one offset that is given.
Value* from_offset(const Emit& emit, Value* offset, Value* batch, Value* sequence) {
  Value* row = emit.add(emit.counting(sequence), offset);
  return emit.op("Expand", {row, emit.concat({batch, sequence}, 0)});
}

}  // namespace

Value* rotate(const Emit& emit, Value* heads, Value* cos, Value* sin, Value* positions, bool interleaved) {
  const int64_t dim = 2 * known_size(cos, 1, "cos_cache");
  Attrs attrs = {{"interleaved", int64_t{interleaved}}};
  if (dim != known_size(heads, 3, "the heads to rotate")) attrs.set("rotary_embedding_dim", dim);
  return emit.op("RotaryEmbedding", {heads, cos, sin, positions}, std::move(attrs));
}

void ms_rotary_embedding(Draft& draft) {
  const Emit emit(draft);
  TWOFOUR_CHECK(draft.attrs.f("scale", 1) == 1, kUnsupported, "scale is {}; only 1 is supported",
                draft.attrs.f("scale", 1));
  refuse_set(draft, {"is_packed_batching"});
  Value *src = draft.input(0), *positions = draft.input(1), *cos = draft.input(2), *sin = draft.input(3);
  TWOFOUR_CHECK(src->type().known && positions->type().known, kUnsupported,
                "the rank of an input is not known");
  const bool flat = src->rank() == 3;
  if (!flat) check_rank(src, 4, "input");
  Value* heads = src;
  const int64_t given = draft.attrs.i("num_heads", 0);
  if (flat) {
    const int64_t size = 2 * known_size(cos, 1, "cos_cache");
    TWOFOUR_CHECK(given > 0 || size > 0, kInvalidArgument, "cos_cache is {}", cos->type().to_string());
    heads = split_heads(emit, src, given > 0 ? given : known_size(src, 2, "input") / size);
  }
  if (positions->rank() == 1)
    positions = from_offset(emit, positions, emit.size(heads, 0), emit.size(heads, 2));
  Value* dst = rotate(emit, heads, cos, sin, positions, draft.attrs.i("interleaved", 0) != 0);
  if (flat) dst = join_heads(emit, dst, known_size(src, 2, "input"));
  draft.results.emplace(1, dst);
}

}  // namespace twofour::onnx_io
