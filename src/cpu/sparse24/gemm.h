// C = activation(W X + bias + residual) for a constant 2:4 matrix W [M,K], f32, bf16 or 8-bit codes with sums
// in f32 or 32-bit integers: by code generated from W (AVX-512, block_generator.h) or, for f32 where there is
// none, from lists of its kept values (AVX2, listed_blocks.h).
//
// Works on panels: X is [ceil(N/16)][K][16] and C is [ceil(N/16)][M][16], one column of a panel being one
// column of the matrix. Columns beyond N are computed like the others. conv2d.h and linear.h add plain
// layouts on top. Every element of C is the same sequence of operations whatever the number of threads, so
// results repeat bit for bit. A Sparse24Gemm is immutable; run_block() may be called from several threads.
#pragma once

#include <memory>
#include <vector>

#include "backend/sparse24_format.h"
#include "backend/support.h"
#include "base/cpu.h"
#include "cpu/sparse24/block_generator.h"
#include "cpu/sparse24/block_plan.h"
#include "cpu/sparse24/executable_buffer.h"
#include "cpu/sparse24/listed_blocks.h"

namespace twofour::cpu {

/// Whether these kernels run at this instruction set level.
backend::Support sparse24_supports(Isa isa = max_isa());

/// How the blocks of a matrix are kept. kAuto: as code where there is any, as lists below AVX-512 and where
/// the system forbids code. Lists are no answer to a budget: dense kernels for AVX-512 are faster.
enum class BlockForm : uint8_t { kAuto, kCode, kLists };
/// What Sparse24Options::k_block = 0 stands for.
int64_t default_k_block(BlockForm form);
constexpr int64_t kMaxPrefetchBlocks = 4;

struct Sparse24Options {
  /// kBf16: X holds pairs in the place of each float, and W values that bf16 holds. kCodes: X holds four u8
  /// codes, and W i8 ones.
  ProductKind kind = ProductKind::kF32;
  Isa isa = max_isa();  // at most; the highest that the CPU has decides
  BlockForm form = BlockForm::kAuto;
  int64_t code_budget_bytes = int64_t{512} << 20;  // of generated code; lists are as large as dense weights
  int64_t tile_panels = 26;                        // most panels that one pass over the code serves
  int64_t expected_panels =
      0;                // panels of a typical tile, which paces the prefetch of code; 0 takes tile_panels
  int64_t k_block = 0;  // columns of W per block, at most 256; 0 takes what suits the form
  int64_t prefetch_blocks = 1;  // how far ahead code is fetched, at most kMaxPrefetchBlocks
  /// Columns of W whose X tile stays in L2 while all rows pass over it; 0 takes what half of L2 holds of a
  /// typical tile, at least 256.
  int64_t super_block = 0;
  int64_t groups = 1;  // equal parts of the rows of W that blocks do not cross
  /// Bytes ahead of an X row that the first row block of each group prefetches; 0: X is in the cache already.
  int64_t x_ahead = 0;
  ConvMapping mapping = ConvMapping::kAuto;
};
/// Throws Error{kInvalidArgument} when a value is out of range.
void check_options(const Sparse24Options& options);
/// The most rows of a block; the form is not kAuto.
int64_t sparse24_block_rows(const Sparse24Options& options);
/// Whether code can be generated for a matrix of m rows that multiplies `x_rows` X rows: needs AVX-512 (for
/// bf16 AVX512-BF16, for codes VNNI and VBMI2, too), a system that lets it run, and a budget.
backend::Support sparse24_code_ok(int64_t m, int64_t x_rows, const Sparse24Options& options = {});
/// `options` with the form that such a matrix takes in place of kAuto.
Sparse24Options with_form(Sparse24Options options, int64_t m, int64_t x_rows);

/// How create() cuts such a matrix; the form is not kAuto.
BlockPlan sparse24_plan(int64_t m, int64_t x_rows, const Sparse24Options& options);

/// A kernel, or why there is none.
template <typename Kernel>
struct Sparse24Created {
  std::unique_ptr<Kernel> kernel;
  backend::Support support;
};

class Sparse24Gemm {
 public:
  /// Declines below AVX2 and when the form is code that cannot be had; only f32 has lists. Throws
  /// Error{kInvalidArgument} when what the epilogue has for each row is not there M times,
  /// Error{kDataCorrupt} when `matrix` is not a legal 2:4 matrix. The matrix of codes holds them as whole
  /// numbers. `row_offsets` is for callers of run_block() whose X is not packed, see BlockSpec; empty
  /// otherwise.
  static Sparse24Created<Sparse24Gemm> create(const backend::Sparse24View& matrix, const Epilogue& epilogue,
                                              const Sparse24Options& options = {},
                                              const std::vector<int64_t>& row_offsets = {});

  /// Generated code with its weights, or the lists.
  std::span<const std::byte> code() const { return listed_.empty() ? code_.bytes() : listed_.bytes(); }
  const BlockPlan& plan() const { return plan_; }
  const Sparse24Options& options() const { return options_; }

  /// Runs one block; see BlockArgs.
  void run_block(size_t m_block, size_t k_block, const BlockArgs& args) const {
    const size_t at = places_[k_block].first + m_block * places_[k_block].step;
    listed_.empty() ? entries_[at](&args) : listed_.run(at, args);
  }

 private:
  Sparse24Gemm() = default;
  void generate(const backend::Sparse24View& matrix, const Epilogue& epilogue,
                const std::vector<BlockSpec>& specs);

  /// Of a K block in the order of execution: its first row block, and how far on the next one stands.
  struct Places {
    size_t first, step;
  };
  static std::vector<Places> places_in(const BlockPlan& plan);

  BlockPlan plan_;
  std::vector<Places> places_;
  Sparse24Options options_;
  ExecutableBuffer code_;
  std::vector<BlockFn> entries_;  // in the order of execution
  ListedBlocks listed_;           // the same in the same order, where there is no code
};

}  // namespace twofour::cpu
