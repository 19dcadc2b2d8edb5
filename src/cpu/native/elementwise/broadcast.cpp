#include "cpu/native/elementwise/broadcast.h"

namespace twofour::cpu {
namespace {

int64_t bytes_of(const TensorDesc& desc) { return static_cast<int64_t>(dtype_size(desc.dtype)); }

}  // namespace

BroadcastBinary::BroadcastBinary(const TensorDesc& a, const TensorDesc& b, const TensorDesc& dst,
                                 BinaryRun function)
    : nest_(LoopNest<3>::make(dst.shape, {strides_in_memory(dst), broadcast_strides_in_memory(a, dst.shape),
                                          broadcast_strides_in_memory(b, dst.shape)})),
      bytes_{bytes_of(dst), bytes_of(a), bytes_of(b)},
      run_(function) {}

void BroadcastBinary::run(const std::byte* a, const std::byte* b, std::byte* dst) const {
  const auto& step = nest_.inner_strides();
  nest_.for_each_run(kLongestRun, [&](int64_t n, const std::array<int64_t, 3>& at) {
    run_(n, a + at[1] * bytes_[1], step[1], b + at[2] * bytes_[2], step[2], dst + at[0] * bytes_[0]);
  });
}

}  // namespace twofour::cpu
