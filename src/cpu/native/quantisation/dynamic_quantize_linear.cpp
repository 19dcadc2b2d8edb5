// DynamicQuantizeLinear in any format: the range of the values first, in pieces, then their codes.
#include "cpu/native/quantisation/scaled_run.h"
#include "cpu/native/quantisation/value_range.h"
#include "cpu/tactics.h"
#include "ops/quantisation/quantize.h"

namespace twofour::cpu {
namespace {

void quantize(const float* src, int64_t numel, ValueRange* pieces, const KernelArgs& args) {
  const ValueRange range = range_of(src, numel, pieces);
  const ops::ByteCodes codes(range.low, range.high);
  const int32_t zero_point = codes.zero_point;
  for_each_piece(numel, [&, run = quantize_run(DType::kU8)](int64_t, int64_t at, int64_t n) {
    run(n, reinterpret_cast<const std::byte*>(src + at), &codes.scale, &zero_point, 0, args.dst[0] + at);
  });
  *args.out<float>(1) = codes.scale;
  *args.out<uint8_t>(2) = codes.zero_point;
}

class NativeDynamicQuantizeLinear final : public OpTactic {
 public:
  NativeDynamicQuantizeLinear() : OpTactic("native.dynamic_quantize_linear", {"DynamicQuantizeLinear"}) {}

  std::unique_ptr<Kernel> make(const NodeDesc& node, std::span<const Tensor>) const override {
    const int64_t numel = node.outputs[0].shape.numel();
    return make_kernel(
        [numel](const KernelArgs& args) {
          quantize(args.in<float>(0), numel, reinterpret_cast<ValueRange*>(args.scratch), args);
        },
        range_bytes(numel));
  }

 protected:
  Support accepts(const NodeDesc& node) const override { return any_one_format(node); }
};

}  // namespace

TWOFOUR_DEFINE_TACTIC(NativeDynamicQuantizeLinear)

}  // namespace twofour::cpu
