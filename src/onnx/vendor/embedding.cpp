#include "onnx/vendor/embedding.h"

#include "onnx/vendor/adapters.h"

namespace twofour::onnx_io {
namespace {

/// How many words of each sequence the mask lets through; 0 without a mask.
Value* count_words(const Emit& emit, const Embedding& e) {
  if (e.mask) {
    Value* ones = emit.cast(emit.op("Equal", {e.mask, emit.scalar(1, e.mask->dtype())}), DType::kI32);
    return emit.op("ReduceSum", {ones, emit.i64({1})}, {{"keepdims", int64_t{0}}});
  }
  return emit.op("Expand", {emit.constant(Tensor(DType::kI32, {1})), emit.size(e.ids, 0)});
}

}  // namespace

void embed(const Emit& emit, const Embedding& e, Draft& draft) {
  check_rank(e.ids, 2, "input_ids");
  TWOFOUR_CHECK((e.segment_ids != nullptr) == (e.segments != nullptr), kInvalidArgument,
                "segment_ids and segment_embedding go together");
  Value* position = e.position_ids ? emit.op("Gather", {e.positions, e.position_ids})
                                   : emit.slice(e.positions, 0, emit.i64({0}), emit.size(e.ids, 1));
  Value* sum = emit.add(emit.op("Gather", {e.words, e.ids}), position);
  if (e.segments) sum = emit.add(sum, emit.op("Gather", {e.segments, e.segment_ids}));
  draft.results.emplace({layer_norm(emit, sum, e.scale, e.bias, draft.attrs.f("epsilon", 1e-12F)),
                         draft.num_outputs > 1 ? count_words(emit, e) : nullptr, sum});
}

void ms_embed_layer_norm(Draft& draft) {
  embed(Emit(draft),
        {.ids = draft.input(0),
         .segment_ids = draft.input(1),
         .position_ids = draft.input(8),
         .words = draft.input(2),
         .positions = draft.input(3),
         .segments = draft.input(4),
         .scale = draft.input(5),
         .bias = draft.input(6),
         .mask = draft.input(7)},
        draft);
}

}  // namespace twofour::onnx_io
