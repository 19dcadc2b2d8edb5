// Cast between the float types, and between f32 and the common integers; any format.
#include <limits>

#include "base/parallel.h"
#include "cpu/native/simd.h"
#include "cpu/op_tactic.h"
#include "cpu/tactics.h"

namespace twofour::cpu {
namespace {

constexpr int64_t kGrain = 16384;

using CastFn = void (*)(const std::byte* src, std::byte* dst, int64_t begin, int64_t end);

/// As Tensor::to does it: saturated, and 0 for NaN. kHigh is the largest f32 that fits.
template <typename To>
TWOFOUR_INLINE inline To truncated(float value) {
  using Limits = std::numeric_limits<To>;
  constexpr auto kLow = static_cast<float>(Limits::lowest());
  constexpr float kHigh = sizeof(To) < 4 ? static_cast<float>(Limits::max()) : 0x1.fffffep30F;
  const float number = value == value ? value : 0.0F;
  const float raised = number < kLow ? kLow : number;
  const auto whole = static_cast<int32_t>(raised > kHigh ? kHigh : raised);
  return value > kHigh ? Limits::max() : static_cast<To>(whole);
}

template <typename To, typename From>
TWOFOUR_INLINE inline To converted(From value) {
  if constexpr (std::is_integral_v<To>) return truncated<To>(value);
  else return static_cast<To>(value);
}

template <typename From, typename To>
void cast(const std::byte* src_bytes, std::byte* dst_bytes, int64_t begin, int64_t end) {
  const auto* const src = reinterpret_cast<const From*>(src_bytes);
  auto* const dst = reinterpret_cast<To*>(dst_bytes);
  if constexpr (std::is_arithmetic_v<From> && std::is_arithmetic_v<To>) {
    run_simd([=]() TWOFOUR_INLINE {
#pragma omp simd
      for (int64_t i = begin; i < end; ++i) dst[i] = converted<To>(src[i]);
    });
  } else {
    const auto count = static_cast<size_t>(end - begin);
    convert(std::span(src + begin, count), std::span(dst + begin, count));
  }
}

/// Null: not here.
CastFn cast_of(DType from, DType to) {
  if (from == DType::kF32) {
    if (to == DType::kF16) return cast<float, f16>;
    if (to == DType::kBF16) return cast<float, bf16>;
    if (to == DType::kI32) return cast<float, int32_t>;
    if (to == DType::kU8) return cast<float, uint8_t>;
    if (to == DType::kI8) return cast<float, int8_t>;
  }
  if (to == DType::kF32) {
    if (from == DType::kF16) return cast<f16, float>;
    if (from == DType::kBF16) return cast<bf16, float>;
    if (from == DType::kI32) return cast<int32_t, float>;
    if (from == DType::kI64) return cast<int64_t, float>;
    if (from == DType::kU8) return cast<uint8_t, float>;
    if (from == DType::kI8) return cast<int8_t, float>;
  }
  return nullptr;
}

class NativeCast final : public OpTactic {
 public:
  NativeCast() : OpTactic("native.cast", {"Cast"}) {}

  std::unique_ptr<Kernel> make(const NodeDesc& node, std::span<const Tensor>) const override {
    return make_kernel([cast = cast_of(node.inputs[0].desc.dtype, node.outputs[0].dtype),
                        numel = node.outputs[0].shape.numel()](const KernelArgs& args) {
      parallel_ranges(numel, kGrain,
                      [&](int64_t begin, int64_t end) { cast(args.src[0], args.dst[0], begin, end); });
    });
  }

 protected:
  Support accepts(const NodeDesc& node) const override {
    const DType from = node.inputs[0].desc.dtype;
    const DType to = node.outputs[0].dtype;
    if (!cast_of(from, to))
      return declined(Reason::kDtype, fmt::format("{} to {}", dtype_name(from), dtype_name(to)));
    return any_one_format(node);
  }
};

}  // namespace

TWOFOUR_DEFINE_TACTIC(NativeCast)

}  // namespace twofour::cpu
