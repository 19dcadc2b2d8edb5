// Loops of a function over two tensors that broadcast, in either format: what the tactics of binary operators
// share.
#pragma once

#include "cpu/native/loop_nest.h"
#include "cpu/native/simd.h"

namespace twofour::cpu {

/// dst[i] = op(a[i * step_a], b[i * step_b]) on untyped memory.
using BinaryRun = void (*)(int64_t n, const std::byte* a, int64_t step_a, const std::byte* b, int64_t step_b,
                           std::byte* dst);

/// Steps of 0 or 1 in loops of their own, since those are what broadcasting makes.
template <typename T, typename R, typename Op>
void run_binary(int64_t n, const std::byte* a_bytes, int64_t step_a, const std::byte* b_bytes, int64_t step_b,
                std::byte* dst_bytes) {
  const auto* const a = reinterpret_cast<const T*>(a_bytes);
  const auto* const b = reinterpret_cast<const T*>(b_bytes);
  auto* const dst = reinterpret_cast<R*>(dst_bytes);
  run_simd([=]() TWOFOUR_INLINE {
    constexpr Op op;
    if (step_a == 1 && step_b == 1) {
#pragma omp simd
      for (int64_t i = 0; i < n; ++i) dst[i] = op(a[i], b[i]);
    } else if (step_a == 1 && step_b == 0) {
      const T v = *b;
#pragma omp simd
      for (int64_t i = 0; i < n; ++i) dst[i] = op(a[i], v);
    } else if (step_a == 0 && step_b == 1) {
      const T v = *a;
#pragma omp simd
      for (int64_t i = 0; i < n; ++i) dst[i] = op(v, b[i]);
    } else {
      for (int64_t i = 0; i < n; ++i) dst[i] = op(a[i * step_a], b[i * step_b]);
    }
  });
}

/// A binary function over whole tensors.
class BroadcastBinary {
 public:
  /// Element sizes are those of the descs' types.
  BroadcastBinary(const TensorDesc& a, const TensorDesc& b, const TensorDesc& dst, BinaryRun function);
  void run(const std::byte* a, const std::byte* b, std::byte* dst) const;

 private:
  LoopNest<3> nest_;
  std::array<int64_t, 3> bytes_;  // of an element of dst, a, b
  BinaryRun run_;
};

}  // namespace twofour::cpu
