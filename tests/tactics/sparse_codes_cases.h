// Cases of QuantizedConv and QuantizedMatMul with 2:4 weights of i8 codes.
#pragma once

#include "tactics/harness.h"

namespace twofour::tactic_test {

struct Image {
  Shape src, weight;
  Attrs attrs;
};
Attrs window(int64_t pad, int64_t stride, int64_t dilation = 1, int64_t group = 1);

/// What else a product has, by the bits of `kind`: 1 i8 source, 2 bias and a scale for each channel, 4
/// residual. The kept codes of every block of the weight are random, two, one or none.
Case sparse_conv(const Image& image, int kind, DType result, const char* activation = "relu");
Case sparse_product(int64_t items, int64_t k, int64_t m, bool trans_b, int kind, DType result,
                    const char* activation = "none");
/// A product into f32 with the largest sums: 16 bits would saturate.
Case extreme_product(int64_t items, int kind);

/// The results are the same, bit for bit.
void expect_same_by_any_threads(const backend::Tactic& tactic, const Case& test);

}  // namespace twofour::tactic_test
