#include "cpu/native/elementwise/activation.h"

#include <algorithm>

#include "cpu/native/elementwise/map.h"
#include "cpu/native/vector_math.h"

namespace twofour::cpu {
namespace {

TWOFOUR_INLINE inline float clamped(float v, float low, float high) {
  const float raised = v < low ? low : v;
  return raised > high ? high : raised;
}

}  // namespace

void apply_activation(const ops::Activation& activation, const float* src, float* dst, int64_t numel) {
  const auto map = [=](const auto& op) { map_floats(src, dst, numel, op); };
  using Kind = ops::Activation::Kind;
  const float low = activation.low, high = activation.high;
  switch (activation.kind) {
    case Kind::kNone:
      if (src != dst) std::copy_n(src, numel, dst);
      return;
    case Kind::kRelu: return map([](float v) TWOFOUR_INLINE { return v < 0 ? 0.0F : v; });
    case Kind::kClip: return map([=](float v) TWOFOUR_INLINE { return clamped(v, low, high); });
    case Kind::kLeakyRelu: return map([=](float v) TWOFOUR_INLINE { return v < 0 ? low * v : v; });
    case Kind::kSigmoid: return map([](float v) TWOFOUR_INLINE { return vector_sigmoid(v); });
    case Kind::kTanh: return map([](float v) TWOFOUR_INLINE { return vector_tanh(v); });
    case Kind::kSwish: return map([=](float v) TWOFOUR_INLINE { return v * vector_sigmoid(low * v); });
    case Kind::kHardSigmoid:
      return map([=](float v) TWOFOUR_INLINE { return clamped(low * v + high, 0, 1); });
    case Kind::kHardSwish: return map([](float v) TWOFOUR_INLINE { return v * clamped(v / 6 + 0.5F, 0, 1); });
    case Kind::kGelu: return map([](float v) TWOFOUR_INLINE { return vector_gelu(v); });
  }
}

}  // namespace twofour::cpu
