// Layer normalisations with what ONNX Runtime adds before them.
#include "onnx/draft_edit.h"
#include "onnx/vendor/adapters.h"
#include "onnx/vendor/embedding.h"

namespace twofour::onnx_io {
namespace {

constexpr float kSkipEpsilon = 1e-12F;
constexpr float kEpsilon = 1e-5F;

/// Results: the normalised sum, two that only training uses, the sum.
void finish(Draft& draft, Value* dst, Value* sum) {
  draft.results = std::vector<Value*>{dst, nullptr, nullptr, sum};
}

/// 1 / sqrt(mean(src^2) + epsilon) over the axes from `axis` on, which stay as 1; f32 as ONNX Runtime has it.
Value* inverse_deviation(const Emit& emit, Value* src, size_t axis, float epsilon) {
  std::vector<int64_t> axes;
  for (size_t i = axis; i < src->rank(); ++i) axes.push_back(static_cast<int64_t>(i));
  Value* wide = src->dtype() == DType::kF64 ? src : emit.cast(src, DType::kF32);
  Value* mean = emit.op("ReduceMean", {emit.mul(wide, wide), emit.i64(axes)}, {{"keepdims", int64_t{1}}});
  Value* root = emit.op("Sqrt", {emit.add(mean, emit.scalar(epsilon, wide->dtype()))});
  return emit.cast(emit.op("Reciprocal", {root}), DType::kF32);
}

}  // namespace

Value* layer_norm(const Emit& emit, Value* src, Value* scale, Value* bias, float epsilon) {
  return emit.op("LayerNormalization", {src, scale, bias}, {{"axis", int64_t{-1}}, {"epsilon", epsilon}});
}

void ms_skip_layer_norm(Draft& draft) {
  const Emit emit(draft);
  Value* sum = emit.add_optional(emit.add(draft.input(0), draft.input(1)), draft.input(4));
  finish(draft, layer_norm(emit, sum, draft.input(2), draft.input(3), draft.attrs.f("epsilon", kSkipEpsilon)),
         sum);
}

void ms_skip_rms_norm(Draft& draft) {
  const Emit emit(draft);
  Value* sum = emit.add_optional(emit.add(draft.input(0), draft.input(1)), draft.input(3));
  finish(draft,
         emit.op("RMSNormalization", {sum, draft.input(2)},
                 {{"axis", int64_t{-1}}, {"epsilon", draft.attrs.f("epsilon", kSkipEpsilon)}}),
         sum);
}

void simplified_layer_norm(Draft& draft) {
  const Emit emit(draft);
  draft.results = std::vector{emit.op("RMSNormalization", draft.inputs, draft.attrs)};
  if (draft.num_outputs < 2) return;
  draft.results->push_back(
      inverse_deviation(emit, draft.input(0), axis_of(draft, -1), draft.attrs.f("epsilon", kEpsilon)));
}

}  // namespace twofour::onnx_io
