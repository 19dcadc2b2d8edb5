// QuantizeLinear from f32 and DequantizeLinear to f32, with a scale for all or one for each index of an axis,
// in either format.
#include "base/tensor.h"
#include "cpu/native/loop_nest.h"
#include "cpu/native/quantisation/scaled_run.h"
#include "cpu/tactics.h"
#include "ops/infer.h"

namespace twofour::cpu {
namespace {

constexpr size_t kSrc = 0, kScale = 1, kZeroPoint = 2;

ScaledRun run_of(const NodeDesc& node) {
  const DType src = node.inputs[kSrc].desc.dtype, dst = node.outputs[0].dtype;
  if (src == DType::kF32) return quantize_run(dst);
  return dst == DType::kF32 ? dequantize_run(src) : nullptr;
}

/// The zero points as the loops read them; zeros where there are none.
void widen(DType dtype, const std::byte* src, int64_t count, int32_t* dst) {
  if (!src) {
    std::fill_n(dst, count, 0);
    return;
  }
  dispatch_dtype(dtype, [&]<typename T>(T) {
    if constexpr (std::is_integral_v<T>) std::copy_n(reinterpret_cast<const T*>(src), count, dst);
  });
}

/// Steps of the scale's elements as seen from the whole tensor.
std::vector<int64_t> scale_strides(const NodeDesc& node) {
  const size_t rank = node.outputs[0].shape.rank();
  std::vector<int64_t> strides(rank, 0);
  if (node.inputs[kScale].desc.shape.numel() > 1)
    strides[ops::normalize_axis(node.attrs.i("axis", 1), rank)] = 1;
  return strides;
}

class NativeQuantizeLinear final : public OpTactic {
 public:
  NativeQuantizeLinear() : OpTactic("native.quantize_linear", {"QuantizeLinear", "DequantizeLinear"}) {}

  std::unique_ptr<Kernel> make(const NodeDesc& node, std::span<const Tensor>) const override {
    const TensorDesc& src = node.inputs[kSrc].desc;
    const TensorDesc& dst = node.outputs[0];
    const auto nest =
        LoopNest<3>::make(dst.shape, {strides_in_memory(dst), strides_in_memory(src), scale_strides(node)});
    const auto src_bytes = static_cast<int64_t>(dtype_size(src.dtype));
    const auto dst_bytes = static_cast<int64_t>(dtype_size(dst.dtype));
    const DType codes = src.dtype == DType::kF32 ? dst.dtype : src.dtype;
    const int64_t scales = node.inputs[kScale].desc.shape.numel();
    return make_kernel(
        [=, run = run_of(node)](const KernelArgs& args) {
          auto* const zero_points = reinterpret_cast<int32_t*>(args.scratch);
          widen(codes, args.in<std::byte>(kZeroPoint), scales, zero_points);
          nest.for_each_run(kLongestRun, [&](int64_t n, const std::array<int64_t, 3>& at) {
            run(n, args.src[kSrc] + at[1] * src_bytes, args.in<float>(kScale) + at[2], zero_points + at[2],
                nest.inner_strides()[2], args.dst[0] + at[0] * dst_bytes);
          });
        },
        static_cast<size_t>(scales) * sizeof(int32_t));
  }

 protected:
  Support accepts(const NodeDesc& node) const override {
    if (node.attrs.i("block_size", 0) > 0) return declined(Reason::kAttribute, "block_size");
    if (!run_of(node)) return declined(Reason::kDtype, node.outputs[0].to_string());
    if (const TensorDesc& scale = node.inputs[kScale].desc; scale.dtype != DType::kF32)
      return declined(Reason::kDtype, scale.to_string());
    return all_of({any_one_format(node), none_empty(node), ranks_ok(node)});
  }
};

}  // namespace

TWOFOUR_DEFINE_TACTIC(NativeQuantizeLinear)

}  // namespace twofour::cpu
