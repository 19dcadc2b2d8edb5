// DynamicQuantizeLinear in any format: the range of the values first, in pieces, then their codes.
#include "base/align.h"
#include "cpu/native/loop_nest.h"
#include "cpu/native/quantisation/scaled_run.h"
#include "cpu/native/simd.h"
#include "cpu/tactics.h"
#include "ops/quantisation/quantize.h"

namespace twofour::cpu {
namespace {

/// Of the values and 0; NaN is passed over.
struct Range {
  float low = 0;
  float high = 0;
};

Range range_of(const float* src, int64_t n) {
  Range range;
  run_simd([=, &range]() TWOFOUR_INLINE {
    float low = 0, high = 0;
#pragma omp simd reduction(min : low) reduction(max : high)
    for (int64_t i = 0; i < n; ++i) {
      low = src[i] < low ? src[i] : low;
      high = src[i] > high ? src[i] : high;
    }
    range = {low, high};
  });
  return range;
}

/// fn(piece, where it begins, its length), in parallel.
template <typename Fn>
void for_each_piece(int64_t numel, const Fn& fn) {
  parallel_ranges(ceil_div(numel, kLongestRun), 1, [&](int64_t first, int64_t last) {
    for (int64_t piece = first; piece < last; ++piece)
      fn(piece, piece * kLongestRun, std::min(kLongestRun, numel - piece * kLongestRun));
  });
}

void quantize(const float* src, int64_t numel, Range* ranges, const KernelArgs& args) {
  for_each_piece(numel, [&](int64_t piece, int64_t at, int64_t n) { ranges[piece] = range_of(src + at, n); });
  Range whole;
  for (const Range& range : std::span(ranges, static_cast<size_t>(ceil_div(numel, kLongestRun))))
    whole = {std::min(whole.low, range.low), std::max(whole.high, range.high)};
  const ops::ByteCodes codes(whole.low, whole.high);
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
    const auto pieces = static_cast<size_t>(ceil_div(numel, kLongestRun));
    return make_kernel(
        [numel](const KernelArgs& args) {
          quantize(args.in<float>(0), numel, reinterpret_cast<Range*>(args.scratch), args);
        },
        pieces * sizeof(Range));
  }

 protected:
  Support accepts(const NodeDesc& node) const override { return any_one_format(node); }
};

}  // namespace

TWOFOUR_DEFINE_TACTIC(NativeDynamicQuantizeLinear)

}  // namespace twofour::cpu
