// Cast between the float types, and between f32 and the common integers; any format.
#include "base/parallel.h"
#include "cpu/op_tactic.h"
#include "cpu/tactics.h"

namespace twofour::cpu {
namespace {

constexpr int64_t kGrain = 16384;

using CastFn = void (*)(const std::byte* src, std::byte* dst, int64_t begin, int64_t end);

template <typename From, typename To>
void cast(const std::byte* src, std::byte* dst, int64_t begin, int64_t end) {
  const std::span from(reinterpret_cast<const From*>(src) + begin, static_cast<size_t>(end - begin));
  const std::span to(reinterpret_cast<To*>(dst) + begin, from.size());
  if constexpr (std::is_arithmetic_v<From> && std::is_arithmetic_v<To>)
    std::ranges::transform(from, to.begin(), [](From v) { return static_cast<To>(v); });
  else convert(from, to);
}

/// Null: not here.
CastFn cast_of(DType from, DType to) {
  if (from == DType::kF32) {
    if (to == DType::kF16) return cast<float, f16>;
    if (to == DType::kBF16) return cast<float, bf16>;
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
