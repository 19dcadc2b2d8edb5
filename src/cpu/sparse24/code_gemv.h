// Y [N,M] = bounded((X [N,K] W^T + start) * scale + bias + residual [N,M]) for u8 or i8 codes X, a constant
// 2:4 matrix W [M,K] of i8 codes and few items N, straight from W's compressed form (AVX-512 with VBMI and
// VNNI). Y is f32 or codes.
//
// Lanes are rows of W: of eight codes of an item, each lane picks the four partners of its kept values. The
// sums are exact, so results do not depend on the number of threads, which divide the rows. A
// Sparse24CodeGemv is immutable; run() may be called from several threads.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "backend/support.h"
#include "base/tensor.h"
#include "cpu/sparse24/block.h"
#include "cpu/sparse24/code_gemv_panel.h"
#include "cpu/sparse24/code_output.h"

namespace twofour::cpu {

constexpr int64_t kCodeGemvMaxItems = 64;

/// Whether the CPU has the instructions.
backend::Support code_gemv_supports();

struct CodeGemvProblem {
  int64_t items = 0;  // N, at most kCodeGemvMaxItems
  int64_t m = 0, k = 0;
  bool is_signed = false;  // X holds i8 codes; the starts are those of the codes + 128
  Epilogue epilogue = {};  // codes and bias; bounds of f32 or a result in codes
  /// What makes codes of the values, adding the residual, where it takes more than bounds.
  std::optional<CodeOutput> codes = {};
};

class Sparse24CodeGemv {
 public:
  /// `weights` is what pack_code_gemv() made of a [m,k] matrix. Throws Error{kInvalidArgument} when a size of
  /// the problem is wrong, Error{kDataCorrupt} when that of the weights is, Error{kFailedPrecondition} when
  /// code_gemv_supports() declines.
  Sparse24CodeGemv(CodeGemvProblem problem, Tensor weights);

  /// Bytes of gathered X.
  size_t scratch_bytes() const;
  /// x [N,K], residual and y [N,M] need no alignment and x does not overlap y; the residual, of the size of
  /// y, may be y, or null.
  void run(const std::byte* x, const std::byte* residual, std::byte* y, std::byte* scratch,
           int threads) const;

 private:
  struct Pass {  // of items over a block
    int64_t first, items;
    CodePassFn multiply;
  };

  void gather(const uint8_t* x, const Pass& pass, uint8_t* rows) const;
  void add_panel(const uint8_t* rows, int64_t panel, int32_t* sums) const;
  void finish(const int32_t* sums, int64_t panel, const std::byte* residual, std::byte* y) const;

  CodeGemvProblem problem_;
  Tensor weights_;
  int64_t panels_, chunks_;
  std::vector<Pass> passes_;
};

}  // namespace twofour::cpu
