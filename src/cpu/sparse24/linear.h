// Matrix products with a constant 2:4 matrix W [M,K] on plain row-major matrices of options.kind; only f32 in
// columns.
//   kColumns: Y [M,N] = activation(W X + bias + residual),    X [K,N]   (columns are items)
//   kRows:    Y [N,M] = activation(X W^T + bias + residual),  X [N,K]   (a fully connected layer,
//   batch-major)
#pragma once

#include "cpu/sparse24/conv2d.h"

namespace twofour::cpu {

enum class ItemLayout : uint8_t { kColumns, kRows };

/// The product as a pointwise convolution.
ConvShape linear_shape(int64_t m, int64_t k, int64_t items, ItemLayout layout);
/// The product with N items as a pointwise convolution: run() takes X as src and Y as dst.
Sparse24Created<Sparse24Conv2d> create_sparse24_linear(const backend::Sparse24View& weights, int64_t items,
                                                       ItemLayout layout, const Epilogue& epilogue,
                                                       const Sparse24Options& options = {},
                                                       std::unique_ptr<LateOutput> late = {});

}  // namespace twofour::cpu
