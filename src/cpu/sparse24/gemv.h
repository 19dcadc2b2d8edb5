// Y [N,M] = activation(X [N,K] W^T + bias + residual [N,M]) for a constant 2:4 matrix W [M,K] and few items
// N, straight from W's compressed form (AVX2 or AVX-512): what such a product costs is reading W.
//
// Every element of Y is the same sequence of operations whatever the number of threads, so results repeat bit
// for bit. A Sparse24Gemv is immutable; run() may be called from several threads.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "backend/support.h"
#include "base/cpu.h"
#include "base/tensor.h"
#include "cpu/sparse24/conv_shape.h"
#include "cpu/sparse24/gemv_panel.h"
#include "ops/elementwise/activation.h"

namespace twofour::cpu {

constexpr int64_t kGemvMaxItems = 80;

/// Whether these kernels run at this instruction set level.
backend::Support gemv_supports(Isa isa = max_isa());

struct GemvProblem {
  int64_t items = 0;  // N > 0
  int64_t m = 0, k = 0;
  /// x is this NHWC image instead, and the items are what its output pixels read, in the order (r, s, c).
  std::optional<ConvShape> image = {};
  Tensor scales = {};  // M values that multiply the rows of W; undefined: 1
  Tensor bias = {};    // M values, or undefined
  ops::Activation activation = {};
};

class Sparse24Gemv {
 public:
  /// `weights` is what pack_gemv() made of a [m,k] matrix, in any of its types. Throws
  /// Error{kInvalidArgument} when a size of the problem is wrong, Error{kDataCorrupt} when that of the
  /// weights is, Error{kFailedPrecondition} when gemv_supports(isa) declines.
  Sparse24Gemv(GemvProblem problem, Tensor weights, Isa isa = max_isa());

  /// Bytes of gathered X and partial sums that run() keeps; shape and L2 size decide, not threads.
  size_t scratch_bytes() const;
  /// x [N,K] and y [N,M] need no alignment and do not overlap; the residual may be y, or none. scratch is
  /// 64-byte aligned.
  void run(const float* x, const float* residual, float* y, std::byte* scratch, int threads) const;

 private:
  struct Pass {  // of items over one panel
    int64_t first, items;
    GemvPanelFn panel;
  };

  void gather(const float* x, int64_t item, float* dst) const;
  void gather_pixel(const float* x, int64_t pixel, float* dst) const;
  void add_slice(const float* x, int64_t slice, int64_t panel, float* sums) const;
  void finish(const float* sums, int64_t panel, const float* residual, float* y) const;

  GemvProblem problem_;
  Tensor weights_;
  size_t value_bytes_;
  int64_t panels_, slices_, x_stride_;
  std::vector<Pass> passes_;
};

}  // namespace twofour::cpu
