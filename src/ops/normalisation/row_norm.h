// What the normalisations over contiguous rows share: InstanceNormalization, LayerNormalization,
// GroupNormalization and RMSNormalization compute hat = (src - mean) / sqrt(variance + epsilon) per row, then
// dst = hat * scale + bias.
#pragma once

#include "ops/builder.h"

namespace twofour::ops {

struct RowNorm {
  int64_t length;  // elements of a row
  double epsilon;
  bool centred;  // false: mean is 0 (RMS)
  /// Of inputs 1 and 2 over the shape of src.
  std::vector<int64_t> scale_strides, bias_strides;
};

/// Inputs: src, scale and perhaps bias, each f32 or f64. Outputs: dst and perhaps mean and 1 / deviation of
/// the rows. Variances are those of the population.
void normalise_rows(const ReferenceArgs& args, const RowNorm& norm);

/// Nodes for the gradient: `hat` of src over `axes`, and the gradient of src that follows from that of hat.
struct RowNormGrad {
  Value* hat;
  Value* grad_src;
};
RowNormGrad row_norm_grad(Builder& b, Value* src, Value* grad_hat, const std::vector<int64_t>& axes,
                          const RowNorm& norm);

}  // namespace twofour::ops
