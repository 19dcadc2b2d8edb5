// Blocks of a 2:4 matrix as lists of kept values, each with where the X row lies that it multiplies: no
// generated code, eight bytes per kept value (AVX2 and FMA).
//
// One row of W at a time, up to seven panels wide: a broadcast of the value, then one multiply-add per vector
// of X, read in place. The X rows of a block and so many panels fit into the L1 cache. The order of additions
// is that of the generated code.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "backend/sparse24_format.h"
#include "cpu/sparse24/block.h"

namespace twofour::cpu {

struct ListedWeight {
  uint32_t offset = 0;  // bytes from the X of a panel to the row that the value multiplies
  float value = 0.0F;
};

/// One block as the kernel sees it.
struct ListedBlock {
  const ListedWeight* weights = nullptr;  // [rows][kept]
  int64_t rows = 0;
  int64_t kept = 0;             // values of a row
  const float* bias = nullptr;  // [rows], or none; first K block only
  bool first = false;
  bool last = false;
  bool residual = false;
  float lo = 0.0F;  // last K block: every result is limited to [lo, hi]
  float hi = 0.0F;
};

/// Callers make sure that the CPU has AVX2 and FMA.
void run_listed_block_avx2(const ListedBlock& block, const BlockArgs& args);

class ListedBlocks {
 public:
  ListedBlocks() = default;
  ListedBlocks(ListedBlocks&&) = default;
  ListedBlocks& operator=(ListedBlocks&&) = default;
  /// `matrix` is verified; `specs` are in the order of execution.
  ListedBlocks(const backend::Sparse24View& matrix, const Epilogue& epilogue,
               std::span<const BlockSpec> specs);

  bool empty() const { return blocks_.empty(); }
  std::span<const std::byte> bytes() const { return std::as_bytes(std::span(weights_)); }
  void run(size_t spec, const BlockArgs& args) const { run_listed_block_avx2(blocks_[spec], args); }

 private:
  std::vector<ListedWeight> weights_;
  std::vector<ListedBlock> blocks_;  // point into weights_ and bias_
  std::vector<float> bias_;
};

}  // namespace twofour::cpu
