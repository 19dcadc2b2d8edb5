// dst = activation(conv2d(src, W) + bias + residual) with W 2:4 along C at every (k, r, s), f32, bf16 or
// 8-bit codes.
//
// Of bf16 and codes, options.kind, src is NHWC and shape.c a half or a quarter of its channels: two bf16 or
// four u8 codes (i8 ones with shape.flip) are moved like one float. dst is f32, or of src's type by the
// epilogue or a LateOutput.
//
// Implicit GEMM, one for each group: M = K, columns = output pixels, GEMM K in the order (r, s, c). A tile of
// pixels is packed into panels in scratch memory, the blocks of gemm.h run over it, and results go straight
// to dst (NCHW) or through a transpose (NHWC). Immutable; run() may be called from several threads with
// scratch memory of their own.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "cpu/sparse24/conv_map.h"
#include "cpu/sparse24/gemm.h"
#include "cpu/sparse24/pack.h"

namespace twofour::cpu {

/// Weights [K, C, R, S], C being the channels of a group, reordered to the matrix [K, R*S*C] that compress24
/// takes.
std::vector<float> conv_weights_rsc(std::span<const float> kcrs, int64_t k, int64_t c, int64_t r, int64_t s);

/// What options come to for a convolution, with all threads: alike for those that run alike.
struct ConvBlocking {
  BlockForm form;
  ConvMapping mapping;
  int64_t tile_panels;
  int64_t prefetch_blocks;  // 0 for lists
  std::vector<Range> k_blocks, super_blocks;
  bool operator==(const ConvBlocking&) const = default;
};
ConvBlocking conv_blocking(const ConvShape& shape, const Sparse24Options& options);

class Sparse24Conv2d {
 public:
  /// `weights` is [K, R*S*C] as conv_weights_rsc orders it. Declines as Sparse24Gemm::create does. Throws
  /// Error{kInvalidArgument} when weights and shape disagree or the output would be empty.
  /// `late` makes dst of the results, which the epilogue leaves in f32: dst and the residual are what it
  /// writes and reads.
  static Sparse24Created<Sparse24Conv2d> create(const backend::Sparse24View& weights, const ConvShape& shape,
                                                const Epilogue& epilogue, const Sparse24Options& options = {},
                                                std::unique_ptr<LateOutput> late = {});

  /// How the input is read; see conv_map.h.
  ConvMapping mapping() const { return map_.mapping; }
  /// What Sparse24Gemm::code() is.
  std::span<const std::byte> code() const { return gemm_->code(); }
  /// Scratch memory that run() needs for that many threads; of any alignment.
  size_t scratch_bytes(int threads) const;
  /// src [N,C,H,W] or [N,H,W,C]; dst and residual [N,K,OH,OW] or [N,OH,OW,K]. residual is given exactly when
  /// the epilogue has one and may be dst itself.
  void run(const float* src, const float* residual, float* dst, std::byte* scratch, int threads) const;

 private:
  Sparse24Conv2d() = default;

  ConvMap map_;
  bool residual_ = false;
  int64_t rows_together_ = 1;  // ConvCall
  LateEpilogue late_;          // what unpacking NHWC does; its residual is set by run()
  std::unique_ptr<LateOutput> late_output_;
  std::unique_ptr<Sparse24Gemm> gemm_;
};

}  // namespace twofour::cpu
