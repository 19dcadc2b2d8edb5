// Tables of 256 bytes held in four registers.
#pragma once

#include <cstdint>

namespace twofour::cpu {

/// dst[i] = table[src[i] ^ flip], where flip is 0 or 128. dst may be src. The CPU has
/// CpuFeature::kAvx512Vbmi.
void look_up_avx512vbmi(const uint8_t* src, int64_t n, const uint8_t* table, uint8_t flip, uint8_t* dst);

}  // namespace twofour::cpu
