// Functions of two or three elements, as ONNX defines them: integers wrap around, NaN wins in Max and Min.
#pragma once

#include <cmath>
#include <cstdint>
#include <type_traits>

#include "cpu/native/simd.h"
#include "twofour/half.h"

namespace twofour::cpu::element {

/// A function of f32 on bf16: computed in f32, rounded once.
template <typename Op>
struct OnBf16 {
  TWOFOUR_INLINE auto operator()(bf16 a, bf16 b) const {
    const auto result = Op{}(to_float(a), to_float(b));
    if constexpr (std::is_same_v<decltype(result), const float>) return to_bf16(result);
    else return result;
  }
};

struct AddOf {
  template <typename T>
  TWOFOUR_INLINE T operator()(T a, T b) const {
    return static_cast<T>(a + b);
  }
};
struct SubOf {
  template <typename T>
  TWOFOUR_INLINE T operator()(T a, T b) const {
    return static_cast<T>(a - b);
  }
};
struct MulOf {
  template <typename T>
  TWOFOUR_INLINE T operator()(T a, T b) const {
    if constexpr (std::is_integral_v<T>) return static_cast<T>(uint64_t{a} * uint64_t{b});
    else return a * b;
  }
};
/// Integers: b is not 0.
struct DivOf {
  template <typename T>
  TWOFOUR_INLINE T operator()(T a, T b) const {
    if constexpr (std::is_integral_v<T> && std::is_signed_v<T>)
      if (b == -1) return static_cast<T>(-static_cast<uint64_t>(a));  // the smallest has no negative
    return static_cast<T>(a / b);
  }
};
/// Of Python: the sign of b. Integers: b is not 0.
struct ModOf {
  template <typename T>
  TWOFOUR_INLINE T operator()(T a, T b) const {
    if constexpr (std::is_signed_v<T>)
      if (b == -1) return 0;
    const auto rest = static_cast<T>(a % b);
    return static_cast<T>(rest != 0 && (rest < T{}) != (b < T{}) ? rest + b : rest);
  }
};
/// Of C: the sign of a.
struct FmodOf {
  template <typename T>
  TWOFOUR_INLINE T operator()(T a, T b) const {
    if constexpr (std::is_floating_point_v<T>) {
      return std::fmod(a, b);
    } else {
      if constexpr (std::is_signed_v<T>)
        if (b == -1) return 0;
      return static_cast<T>(a % b);
    }
  }
};
struct PowOf {
  template <typename T>
  TWOFOUR_INLINE T operator()(T a, T b) const {
    return std::pow(a, b);
  }
};
struct MaxOf {
  template <typename T>
  TWOFOUR_INLINE T operator()(T a, T b) const {
    const T larger = a < b ? b : a;
    return b != b ? b : larger;  // a that is NaN is not below b
  }
};
struct MinOf {
  template <typename T>
  TWOFOUR_INLINE T operator()(T a, T b) const {
    const T smaller = b < a ? b : a;
    return b != b ? b : smaller;
  }
};
struct PReluOf {
  template <typename T>
  TWOFOUR_INLINE T operator()(T v, T slope) const {
    return v < 0 ? slope * v : v;
  }
};
struct ReluGradOf {
  template <typename T>
  TWOFOUR_INLINE T operator()(T grad, T value) const {
    return value > 0 ? grad : T{};
  }
};
struct AndOf {
  template <typename T>
  TWOFOUR_INLINE T operator()(T a, T b) const {
    return static_cast<T>(a & b);
  }
};
struct OrOf {
  template <typename T>
  TWOFOUR_INLINE T operator()(T a, T b) const {
    return static_cast<T>(a | b);
  }
};
struct XorOf {
  template <typename T>
  TWOFOUR_INLINE T operator()(T a, T b) const {
    return static_cast<T>(a ^ b);
  }
};

struct EqualOf {
  template <typename T>
  TWOFOUR_INLINE uint8_t operator()(T a, T b) const {
    return a == b;
  }
};
struct GreaterOf {
  template <typename T>
  TWOFOUR_INLINE uint8_t operator()(T a, T b) const {
    return a > b;
  }
};
struct GreaterOrEqualOf {
  template <typename T>
  TWOFOUR_INLINE uint8_t operator()(T a, T b) const {
    return a >= b;
  }
};
struct LessOf {
  template <typename T>
  TWOFOUR_INLINE uint8_t operator()(T a, T b) const {
    return a < b;
  }
};
struct LessOrEqualOf {
  template <typename T>
  TWOFOUR_INLINE uint8_t operator()(T a, T b) const {
    return a <= b;
  }
};

}  // namespace twofour::cpu::element
