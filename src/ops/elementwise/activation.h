// The activation that FusedConv, FusedGemm and FusedMatMul apply to their result: attributes activation
// (names below), clip_low and clip_high of "clip"; activation_slope and activation_offset are alpha and beta
// of the ONNX operator of that name.
#pragma once

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "ir/attrs.h"

namespace twofour::ops {

struct Activation {
  enum class Kind : uint8_t {
    kNone,
    kRelu,
    kClip,
    kLeakyRelu,
    kSigmoid,
    kTanh,
    kSwish,
    kHardSigmoid,
    kHardSwish,
    kGelu
  };
  Kind kind = Kind::kNone;
  float low = 0;   // clip_low, or activation_slope
  float high = 0;  // clip_high, or activation_offset

  template <typename T>
  T operator()(T v) const {
    if (kind == Kind::kNone) return v;
    if (kind == Kind::kRelu) return v < 0 ? T{} : v;
    if (kind == Kind::kClip) return v < low ? T{low} : v > high ? T{high} : v;
    return static_cast<T>(smooth(static_cast<double>(v)));
  }

 private:
  static double clamp_to_one(double v) { return v < 0 ? 0 : v > 1 ? 1 : v; }
  double smooth(double v) const {
    switch (kind) {
      case Kind::kLeakyRelu: return v < 0 ? low * v : v;
      case Kind::kSigmoid: return 1 / (1 + std::exp(-v));
      case Kind::kTanh: return std::tanh(v);
      case Kind::kSwish: return v / (1 + std::exp(-low * v));
      case Kind::kHardSigmoid: return clamp_to_one(low * v + high);
      case Kind::kHardSwish: return v * clamp_to_one(v / 6 + 0.5);
      default: return 0.5 * v * (1 + std::erf(v * std::numbers::sqrt2 / 2));
    }
  }
};

/// In the order of Activation::Kind.
inline constexpr std::array<std::string_view, 10> kActivationNames = {
    "none", "relu", "clip", "leaky_relu", "sigmoid", "tanh", "swish", "hard_sigmoid", "hard_swish", "gelu"};

/// Throws Error{kInvalidArgument} on an unknown name or an empty clip range.
inline Activation activation_from(const Attrs& attrs) {
  const std::string name = attrs.s("activation", "none");
  const auto it = std::ranges::find(kActivationNames, name);
  TWOFOUR_CHECK(it != kActivationNames.end(), kInvalidArgument, "activation \"{}\" is not known; {} are",
                name, fmt::join(kActivationNames, ", "));
  Activation result = {static_cast<Activation::Kind>(it - kActivationNames.begin())};
  const bool clips = result.kind == Activation::Kind::kClip;
  result.low = attrs.f(clips ? "clip_low" : "activation_slope", 0);
  result.high = attrs.f(clips ? "clip_high" : "activation_offset", 0);
  TWOFOUR_CHECK(!clips || result.low <= result.high, kInvalidArgument, "clip range [{}, {}] is empty",
                result.low, result.high);
  return result;
}

}  // namespace twofour::ops
