// The activation that FusedConv and FusedGemm apply to their result: attributes activation ("none", "relu" or
// "clip"), clip_low and clip_high.
#pragma once

#include "ir/attrs.h"

namespace twofour::ops {

struct Activation {
  enum class Kind : uint8_t { kNone, kRelu, kClip };
  Kind kind = Kind::kNone;
  float low = 0;
  float high = 0;

  template <typename T>
  T operator()(T v) const {
    if (kind == Kind::kNone) return v;
    if (kind == Kind::kRelu) return v < 0 ? T{} : v;
    return v < low ? T{low} : v > high ? T{high} : v;
  }
};

/// Throws Error{kInvalidArgument} on an unknown name or an empty clip range.
inline Activation activation_from(const Attrs& attrs) {
  const std::string name = attrs.s("activation", "none");
  if (name == "none") return {};
  if (name == "relu") return {Activation::Kind::kRelu};
  TWOFOUR_CHECK(name == "clip", kInvalidArgument, "activation \"{}\" is not known; none, relu and clip are",
                name);
  const Activation clip = {Activation::Kind::kClip, attrs.f("clip_low", 0), attrs.f("clip_high", 0)};
  TWOFOUR_CHECK(clip.low <= clip.high, kInvalidArgument, "clip range [{}, {}] is empty", clip.low, clip.high);
  return clip;
}

}  // namespace twofour::ops
