// The loops of probe.h, for one instruction set level each.
#pragma once

#include <cstddef>
#include <cstdint>

namespace twofour::bench {

constexpr int kAccumulators = 12;

/// `steps` times kAccumulators multiply-adds of `width` lanes. Returns something that depends on all.
float fma_avx512(int64_t steps);
float fma_avx2(int64_t steps);
float fma_scalar(int64_t steps);
/// Reads `count` floats, a multiple of 64, 64-byte aligned. Returns something that depends on all.
float read_avx512(const float* data, int64_t count);
float read_avx2(const float* data, int64_t count);
float read_scalar(const float* data, int64_t count);

}  // namespace twofour::bench
