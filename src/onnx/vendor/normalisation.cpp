// Layer normalisations with what ONNX Runtime adds before them.
#include "onnx/vendor/adapters.h"
#include "onnx/vendor/embedding.h"

namespace twofour::onnx_io {
namespace {

constexpr float kSkipEpsilon = 1e-12F;

/// Results: the normalised sum, two that only training uses, the sum.
void finish(Draft& draft, Value* dst, Value* sum) {
  draft.results = std::vector<Value*>{dst, nullptr, nullptr, sum};
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
  draft.results.emplace(1, Emit(draft).op("RMSNormalization", draft.inputs, draft.attrs));
}

}  // namespace twofour::onnx_io
