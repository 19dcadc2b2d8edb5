// One panel of gemv_format.h times few items: what the files named by ISA provide.
#pragma once

#include <cstddef>
#include <cstdint>

#include "twofour/dtype.h"

namespace twofour::cpu {

/// sums[n][r] = the sum of W[r][column] * x[n][column] over `steps` steps, for the 16 rows of a panel.
/// `weights` is the start of a chunk; row n of x starts at x + n * x_stride with the first column of the
/// first step, needs no alignment, and goes on for kGemvWrap columns. Values that are i8 are not scaled.
using GemvPanelFn = void (*)(const std::byte* weights, int64_t steps, const float* x, int64_t x_stride,
                             float* sums);

constexpr int kGemvItemsAvx512 = 16;
constexpr int kGemvItemsAvx2 = 4;

/// `items` in [1, kGemvItems*]; `stored` is f32, f16, bf16 or i8.
GemvPanelFn gemv_panel_avx512(DType stored, int items);
GemvPanelFn gemv_panel_avx2(DType stored, int items);

}  // namespace twofour::cpu
