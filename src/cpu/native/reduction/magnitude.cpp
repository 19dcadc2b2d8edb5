#include "cpu/native/reduction/magnitude.h"

#include <atomic>
#include <bit>

#include "base/parallel.h"
#include "cpu/native/simd.h"

namespace twofour::cpu {
namespace {

constexpr int64_t kGrain = 65536;

// Without their sign, the bits of floats are ordered as the values are, with NaN above infinity.
template <typename Bits>
Bits greatest_bits(const Bits* bits, int64_t count) {
  constexpr Bits kMagnitude = static_cast<Bits>(~Bits{0}) >> 1;
  std::atomic<Bits> result{0};
  parallel_ranges(count, kGrain, [&](int64_t begin, int64_t end) {
    Bits part = 0;
    run_simd([=, &part]() TWOFOUR_INLINE {
      Bits most = 0;
#pragma omp simd reduction(max : most)
      for (int64_t i = begin; i < end; ++i) {
        const Bits v = bits[i] & kMagnitude;
        most = v > most ? v : most;
      }
      part = most;
    });
    Bits before = result.load();
    while (before < part && !result.compare_exchange_weak(before, part)) {
    }
  });
  return result.load();
}

}  // namespace

float greatest_magnitude(DType dtype, const void* values, int64_t count) {
  if (dtype == DType::kBF16)
    return to_float(bf16{greatest_bits(static_cast<const uint16_t*>(values), count)});
  return std::bit_cast<float>(greatest_bits(static_cast<const uint32_t*>(values), count));
}

}  // namespace twofour::cpu
