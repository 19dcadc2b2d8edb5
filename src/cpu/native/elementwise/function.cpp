// Elementwise functions of one tensor that native.unary does not have, in any format and in place:
// trigonometric and rounding ones of f32, truth values, integers.
#include <bit>
#include <cmath>

#include "base/parallel.h"
#include "cpu/native/vector_math.h"
#include "cpu/op_tactic.h"
#include "cpu/tactics.h"

namespace twofour::cpu {
namespace {

constexpr int64_t kGrain = 16384;

using MapFn = void (*)(const std::byte* src, std::byte* dst, int64_t begin, int64_t end);

template <typename T, typename R, typename Op>
void map(const std::byte* src_bytes, std::byte* dst_bytes, int64_t begin, int64_t end) {
  run_simd([=, src = reinterpret_cast<const T*>(src_bytes), dst = reinterpret_cast<R*>(dst_bytes)]()
               TWOFOUR_INLINE {
                 constexpr Op op;
#pragma omp simd
                 for (int64_t i = begin; i < end; ++i) dst[i] = static_cast<R>(op(src[i]));
               });
}

/// sin(v + quarters * pi / 2). Beyond 2^13 the reduction by pi / 2 in three parts (Cody and Waite) loses
/// digits: there the library's.
template <int kQuarters>
TWOFOUR_INLINE inline float vector_sine(float v) {
  constexpr float kRound = 12582912.0F;  // 1.5 * 2^23: adding it drops the fraction
  const float n = (v * 0.636619772F + kRound) - kRound;
  float r = v - n * 1.5703125F;
  r = r - n * 4.837512969970703125e-4F;
  r = r - n * 7.54978995489188216e-8F;
  const float square = r * r;
  const float sine =
      r + r * square * (-1.6666654611e-1F + square * (8.3321608736e-3F - square * 1.9515295891e-4F));
  const float cosine =
      1.0F - 0.5F * square +
      square * square *
          (4.166664568298827e-2F + square * (-1.388731625493765e-3F + square * 2.443315711809948e-5F));
  const int32_t quarter = static_cast<int32_t>(n) + kQuarters;
  const float value = (quarter & 1) != 0 ? cosine : sine;
  return (quarter & 2) != 0 ? -value : value;
}

template <int kQuarters>
void map_sine(const std::byte* src_bytes, std::byte* dst_bytes, int64_t begin, int64_t end) {
  constexpr float kFar = 8192;
  const auto* const src = reinterpret_cast<const float*>(src_bytes);
  auto* const dst = reinterpret_cast<float*>(dst_bytes);
  bool far = false;
  for (int64_t i = begin; i < end; ++i) far |= !(std::abs(src[i]) <= kFar);
  if (far) {
    for (int64_t i = begin; i < end; ++i) dst[i] = kQuarters == 0 ? std::sin(src[i]) : std::cos(src[i]);
    return;
  }
  run_simd([=]() TWOFOUR_INLINE {
#pragma omp simd
    for (int64_t i = begin; i < end; ++i) dst[i] = vector_sine<kQuarters>(src[i]);
  });
}

/// Within 3 units in the last place, +-0, +-inf and NaN exactly: a polynomial on |v| <= tan(pi / 8), to which
/// the addition theorem takes the rest.
TWOFOUR_INLINE inline float vector_atan(float v) {
  const float magnitude = std::fabs(v);
  const bool far = magnitude > 2.41421356F, middle = magnitude > 0.414213562F;
  const float above = far ? -1.0F : middle ? magnitude - 1.0F : magnitude;
  const float below = far ? magnitude : middle ? magnitude + 1.0F : 1.0F;
  const float x = above / below;
  const float square = x * x;
  float sum = 8.05374449538e-2F;
  sum = sum * square - 1.38776856032e-1F;
  sum = sum * square + 1.99777106478e-1F;
  sum = sum * square - 3.33329491539e-1F;
  sum = sum * square * x + x;
  return std::copysign((far ? 1.57079633F : middle ? 0.785398163F : 0.0F) + sum, v);
}

/// The root of v within 1 unit in the last place; NaN below 0. In code that the compiler can vectorise, which
/// std::sqrt is not, since it may set errno.
TWOFOUR_INLINE inline float vector_sqrt(float v) {
  float inverse = std::bit_cast<float>(0x5F3759DFU - (std::bit_cast<uint32_t>(v) >> 1));
  for (int i = 0; i < 3; ++i) inverse = inverse * (1.5F - 0.5F * v * inverse * inverse);
  const float rough = v * inverse;
  const float root = rough + 0.5F * inverse * (v - rough * rough);
  return v < 0 ? NAN : root;
}

constexpr float kFolded = 0.5F;  // beyond: asin |v| = pi / 2 - 2 * asin of the root of (1 - |v|) / 2

/// The arc sine of |v|, or of that root.
TWOFOUR_INLINE inline float vector_part_of_asin(float v) {
  const float magnitude = std::fabs(v);
  const float direct = v * v, half_rest = 0.5F - 0.5F * magnitude;
  const float square = magnitude > kFolded ? half_rest : direct;
  const float root = vector_sqrt(square);
  const float x = magnitude > kFolded ? root : magnitude;
  float sum = 4.2163199048e-2F;
  sum = sum * square + 2.4181311049e-2F;
  sum = sum * square + 4.5470025998e-2F;
  sum = sum * square + 7.4953002686e-2F;
  sum = sum * square + 1.6666752422e-1F;
  return sum * square * x + x;
}

/// Both within 3 units in the last place, exact at 0 and 1; NaN beyond.
TWOFOUR_INLINE inline float vector_asin(float v) {
  const float part = vector_part_of_asin(v);
  const float rest = 1.57079633F - 2.0F * part;
  return std::copysign(std::fabs(v) > kFolded ? rest : part, v);
}
TWOFOUR_INLINE inline float vector_acos(float v) {
  const float part = vector_part_of_asin(v);
  const float near = 1.57079633F - std::copysign(part, v);
  const float twice = 2.0F * part, rest = 3.14159265F - twice;
  const float far = v < 0 ? rest : twice;
  return std::fabs(v) > kFolded ? far : near;
}

struct FloorOf {
  TWOFOUR_INLINE float operator()(float v) const { return std::floor(v); }
};
struct CeilOf {
  TWOFOUR_INLINE float operator()(float v) const { return std::ceil(v); }
};
struct RoundOf {
  TWOFOUR_INLINE float operator()(float v) const { return std::nearbyint(v); }
};
struct SignOf {
  template <typename T>
  TWOFOUR_INLINE T operator()(T v) const {
    return v > 0 ? T{1} : v < 0 ? static_cast<T>(-1) : v;  // NaN and 0 as they are
  }
};
struct SoftplusOf {
  TWOFOUR_INLINE float operator()(float v) const { return vector_softplus(v); }
};
struct SoftsignOf {
  TWOFOUR_INLINE float operator()(float v) const { return v / (1 + std::abs(v)); }
};
struct TanOf {
  float operator()(float v) const { return std::tan(v); }
};
struct AtanOf {
  TWOFOUR_INLINE float operator()(float v) const { return vector_atan(v); }
};
struct AsinOf {
  TWOFOUR_INLINE float operator()(float v) const { return vector_asin(v); }
};
struct AcosOf {
  TWOFOUR_INLINE float operator()(float v) const { return vector_acos(v); }
};
struct NotOf {
  TWOFOUR_INLINE uint8_t operator()(uint8_t v) const { return v == 0; }
};
struct IsNanOf {
  TWOFOUR_INLINE uint8_t operator()(float v) const { return v != v; }
};
struct NegativeOf {
  template <typename T>
  TWOFOUR_INLINE T operator()(T v) const {
    return static_cast<T>(-v);
  }
};
struct MagnitudeOf {
  template <typename T>
  TWOFOUR_INLINE T operator()(T v) const {
    return v < 0 ? static_cast<T>(-static_cast<uint64_t>(v)) : v;
  }
};

MapFn of_f32(const std::string& op) {
  if (op == "Sin") return map_sine<0>;
  if (op == "Cos") return map_sine<1>;
  if (op == "Tan") return map<float, float, TanOf>;
  if (op == "Atan") return map<float, float, AtanOf>;
  if (op == "Asin") return map<float, float, AsinOf>;
  if (op == "Acos") return map<float, float, AcosOf>;
  if (op == "Floor") return map<float, float, FloorOf>;
  if (op == "Ceil") return map<float, float, CeilOf>;
  if (op == "Round") return map<float, float, RoundOf>;
  if (op == "Sign") return map<float, float, SignOf>;
  if (op == "Softplus") return map<float, float, SoftplusOf>;
  if (op == "Softsign") return map<float, float, SoftsignOf>;
  if (op == "IsNaN") return map<float, uint8_t, IsNanOf>;
  return nullptr;
}

template <typename T>
MapFn of_integers(const std::string& op) {
  if (op == "Neg") return map<std::make_unsigned_t<T>, std::make_unsigned_t<T>, NegativeOf>;
  if (op == "Abs") return map<T, T, MagnitudeOf>;
  if (op == "Sign") return map<T, T, SignOf>;
  return nullptr;
}

/// Null: not here.
MapFn map_of(const NodeDesc& node) {
  switch (node.inputs[0].desc.dtype) {
    case DType::kF32: return of_f32(node.op);
    case DType::kI32: return of_integers<int32_t>(node.op);
    case DType::kI64: return of_integers<int64_t>(node.op);
    case DType::kBool: return node.op == "Not" ? map<uint8_t, uint8_t, NotOf> : nullptr;
    default: return nullptr;
  }
}

class NativeFunction final : public OpTactic {
 public:
  NativeFunction()
      : OpTactic("native.function", {"Sin", "Cos", "Tan", "Asin", "Acos", "Atan", "Floor", "Ceil", "Round",
                                     "Sign", "Softplus", "Softsign", "IsNaN", "Not", "Neg", "Abs"}) {}

  bool in_place(const NodeDesc& node, size_t input, size_t) const override {
    return input == 0 && same_layout(node.inputs[0].desc, node.outputs[0]);
  }

  std::unique_ptr<Kernel> make(const NodeDesc& node, std::span<const Tensor>) const override {
    return make_kernel([n = node.outputs[0].shape.numel(), run = map_of(node)](const KernelArgs& args) {
      parallel_ranges(n, kGrain,
                      [&](int64_t begin, int64_t end) { run(args.src[0], args.dst[0], begin, end); });
    });
  }

 protected:
  Support accepts(const NodeDesc& node) const override {
    if (!map_of(node)) return declined(Reason::kDtype, node.inputs[0].desc.to_string());
    return any_one_format(node);
  }
};

}  // namespace

TWOFOUR_DEFINE_TACTIC(NativeFunction)

}  // namespace twofour::cpu
