// Operators that early exporters wrote and ONNX has dropped since.
#include <limits>

#include "onnx/vendor/adapters.h"
#include "onnx/vendor/emit.h"

namespace twofour::onnx_io {
namespace {

Value* shifted(const Emit& emit, Value* src, float by) {
  return by == 0 ? src : emit.add(src, emit.scalar(by, src->dtype()));
}

}  // namespace

void legacy_affine(Draft& draft) {
  const Emit emit(draft);
  draft.results.emplace(
      1, shifted(emit, emit.scaled(draft.input(0), draft.attrs.f("alpha", 1)), draft.attrs.f("beta", 0)));
}

void legacy_scale(Draft& draft) {
  draft.results.emplace(1, Emit(draft).scaled(draft.input(0), draft.attrs.f("scale", 1)));
}

void legacy_scaled_tanh(Draft& draft) {
  const Emit emit(draft);
  Value* inner = emit.scaled(draft.input(0), draft.attrs.f("beta", 1));
  draft.results.emplace(1, emit.scaled(emit.op("Tanh", {inner}), draft.attrs.f("alpha", 1)));
}

/// alpha * ln(exp(beta * x) + 1)
void legacy_parametric_softplus(Draft& draft) {
  const Emit emit(draft);
  TWOFOUR_CHECK(draft.attrs.has("alpha") && draft.attrs.has("beta"), kInvalidArgument,
                "alpha or beta is missing");
  Value* inner = emit.scaled(draft.input(0), draft.attrs.f("beta", 1));
  draft.results.emplace(1, emit.scaled(emit.op("Softplus", {inner}), draft.attrs.f("alpha", 1)));
}

/// scale * x, then a bias for each channel.
void legacy_image_scaler(Draft& draft) {
  const Emit emit(draft);
  check_rank(draft.input(0), 4, "input");
  Value* dst = emit.scaled(draft.input(0), draft.attrs.f("scale", 1));
  if (draft.attrs.has("bias"))
    dst = emit.add(dst, emit.reshape(emit.floats(draft.attrs.floats("bias"), dst->dtype()), {-1, 1, 1}));
  draft.results.emplace(1, dst);
}

/// border is left, top, right, bottom; scale is the height and width that remain, from the border on.
void legacy_crop(Draft& draft) {
  const Emit emit(draft);
  check_rank(draft.input(0), 4, "input");
  const std::vector<int64_t> border = draft.attrs.ints("border", {0, 0, 0, 0});
  const std::vector<int64_t> scale = draft.attrs.ints("scale");
  TWOFOUR_CHECK(border.size() == 4 && (scale.empty() || scale.size() == 2), kInvalidArgument,
                "border has {} numbers and scale {}; 4, and 2 or none, are expected", border.size(),
                scale.size());
  for (const std::vector<int64_t>* list : {&border, &scale})
    for (const int64_t size : *list)
      TWOFOUR_CHECK(size >= 0 && size <= std::numeric_limits<int32_t>::max(), kInvalidArgument,
                    "border or scale holds {}", size);
  std::vector<int64_t> ends;
  for (size_t i = 0; i < 2; ++i) {  // height, width
    const int64_t first = border[1 - i];
    const int64_t after = border[3 - i];
    ends.push_back(!scale.empty() ? first + scale[i]
                   : after > 0    ? -after
                                  : std::numeric_limits<int64_t>::max());
  }
  draft.results.emplace(1, emit.op("Slice", {draft.input(0), emit.i64({border[1], border[0]}), emit.i64(ends),
                                             emit.i64({2, 3})}));
}

}  // namespace twofour::onnx_io
