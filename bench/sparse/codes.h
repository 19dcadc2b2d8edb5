// 8-bit codes of a problem's values: X as whole numbers of one scale, W as whole numbers of a scale per row.
#pragma once

#include "base/tensor.h"

namespace twofour::bench {

/// A code of X stands for (code - zero) * kSrcScale, where zero is kSrcZero for u8 and 0 for i8.
inline constexpr float kSrcScale = 1.0F / 128;
inline constexpr uint8_t kSrcZero = 128;

/// Rounds to values that codes stand for.
void round_src(const Tensor& src);
/// Likewise; returns the scales [rows], which make the largest value of each row 127.
Tensor round_weight(const Tensor& weight);

/// Codes of rounded values. `codes`: u8 or i8.
Tensor src_codes(const Tensor& src, DType codes);
Tensor weight_codes(const Tensor& weight, const Tensor& scales);

}  // namespace twofour::bench
