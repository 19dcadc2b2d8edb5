#include "cpu/sparse24/gemm.h"

#include <algorithm>
#include <array>

#include "base/error.h"

namespace twofour::cpu {
namespace {

constexpr int64_t kPanelRowBytes = kPanelWidth * static_cast<int64_t>(sizeof(float));

/// Specs of all blocks in the order of execution.
std::vector<BlockSpec> block_specs(const BlockPlan& plan, const Sparse24Options& options,
                                   const std::vector<int64_t>& row_offsets) {
  std::vector<BlockSpec> specs;
  const auto k_blocks = static_cast<int64_t>(plan.k_blocks.size());
  for (const Range& super_block : plan.super_blocks)
    for (const Range& rows : plan.m_blocks)
      for (int64_t kb = super_block.begin; kb < super_block.end; ++kb)
        specs.push_back(
            {.rows = rows,
             .columns = plan.k_blocks[static_cast<size_t>(kb)],
             .first = kb == 0,
             .last = kb + 1 == k_blocks,
             .row_offsets = row_offsets.empty() ? nullptr : &row_offsets,
             .tile_panels = options.expected_panels > 0 ? options.expected_panels : options.tile_panels});
  return specs;
}

int64_t super_block_of(const Sparse24Options& options) {
  if (options.super_block > 0) return options.super_block;
  const int64_t panels = options.expected_panels > 0 ? options.expected_panels : options.tile_panels;
  return std::max<int64_t>(256, static_cast<int64_t>(l2_bytes() / 2) / (panels * kPanelRowBytes));
}

}  // namespace

backend::Support sparse24_supports(Isa isa) {
  if (isa >= Isa::kAvx512) return backend::supported();
  return backend::declined(backend::Reason::kIsa, fmt::format("needs avx512, has {}", isa_name(isa)));
}

void check_options(const Sparse24Options& options) {
  TWOFOUR_CHECK(options.k_block >= 4 && options.k_block <= kMaxBlockColumns && options.tile_panels > 0 &&
                    options.tile_panels <= kMaxTilePanels,
                kInvalidArgument, "[sparse24] k_block {} is outside 4..{} or tile_panels {} outside 1..{}",
                options.k_block, kMaxBlockColumns, options.tile_panels, kMaxTilePanels);
}

Sparse24Created<Sparse24Gemm> Sparse24Gemm::create(const backend::Sparse24View& matrix,
                                                   const Epilogue& epilogue, const Sparse24Options& options,
                                                   const std::vector<int64_t>& row_offsets) {
  if (auto support = sparse24_supports(); !support) return {nullptr, std::move(support)};
  backend::verify(matrix);
  TWOFOUR_CHECK(epilogue.bias.empty() || static_cast<int64_t>(epilogue.bias.size()) == matrix.m,
                kInvalidArgument, "[sparse24] bias has {} values, expected {}", epilogue.bias.size(),
                matrix.m);
  check_options(options);
  TWOFOUR_ASSERT(row_offsets.empty() || static_cast<int64_t>(row_offsets.size()) == matrix.k,
                 "{} row offsets for {} rows", row_offsets.size(), matrix.k);
  if (matrix.m == 0 || matrix.k == 0)
    return {nullptr,
            backend::declined(backend::Reason::kShape, fmt::format("{}x{} weights", matrix.m, matrix.k))};
  std::unique_ptr<Sparse24Gemm> gemm(new Sparse24Gemm);
  gemm->m_ = matrix.m;
  gemm->k_ = matrix.k;
  gemm->options_ = options;
  gemm->plan_ = plan_blocks(matrix.m, matrix.k, options.k_block, super_block_of(options));
  const auto specs = block_specs(gemm->plan_, options, row_offsets);
  int64_t bytes = 0;
  for (const BlockSpec& spec : specs) bytes += block_bytes_bound(spec);
  if (bytes > options.code_budget_bytes)
    return {nullptr, backend::declined(backend::Reason::kCodeBudget,
                                       fmt::format("{}x{} weights take up to {} bytes, the budget is {}",
                                                   matrix.m, matrix.k, bytes, options.code_budget_bytes))};
  gemm->generate(matrix, epilogue, specs, bytes);
  return {std::move(gemm), {}};
}

void Sparse24Gemm::generate(const backend::Sparse24View& matrix, const Epilogue& epilogue,
                            const std::vector<BlockSpec>& specs, int64_t bytes) {
  code_ = ExecutableBuffer(static_cast<size_t>(bytes));
  Xbyak::CodeGenerator out(static_cast<size_t>(bytes), code_.writable());
  entries_.resize(specs.size());
  const auto m_blocks = plan_.m_blocks.size();
  size_t next = 0;
  for (const Range& super_block : plan_.super_blocks)
    for (size_t mb = 0; mb < m_blocks; ++mb)
      for (auto kb = static_cast<size_t>(super_block.begin); kb < static_cast<size_t>(super_block.end); ++kb)
        entries_[kb * m_blocks + mb] = generate_block(out, matrix, epilogue, specs[next++]);
  code_.seal(out.getSize());
}

void Sparse24Gemm::run(const float* x, float* c, const float* residual, int64_t columns, int threads) const {
  const int64_t panels = (columns + kPanelWidth - 1) / kPanelWidth;
  const WorkPlan work = plan_work(1, panels, static_cast<int64_t>(plan_.m_blocks.size()),
                                  options_.tile_panels, std::max(threads, 1));
  parallel_items(work, std::max(threads, 1), [&](int64_t, int64_t item) {
    for (const Range& super_block : plan_.super_blocks)
      for (int64_t mb = work.rows(item).begin; mb < work.rows(item).end; ++mb)
        run_rows(x, c, residual, work.tile(item), mb, super_block);
  });
}

void Sparse24Gemm::run_rows(const float* x, float* c, const float* residual, Range tile, int64_t m_block,
                            Range k_blocks) const {
  const int64_t m0 = plan_.m_blocks[static_cast<size_t>(m_block)].begin;
  std::array<PanelTarget, kMaxTilePanels> targets;
  for (int64_t p = tile.begin; p < tile.end; ++p) {
    const int64_t offset = (p * m_ + m0) * kPanelWidth;
    targets[static_cast<size_t>(p - tile.begin)] = {c + offset, residual ? residual + offset : nullptr,
                                                    kPanelRowBytes};
  }
  for (int64_t kb = k_blocks.begin; kb < k_blocks.end; ++kb) {
    const int64_t k0 = plan_.k_blocks[static_cast<size_t>(kb)].begin;
    run_block(static_cast<size_t>(m_block), static_cast<size_t>(kb),
              {.x = x + (tile.begin * k_ + k0) * kPanelWidth,
               .x_stride = k_ * kPanelRowBytes,
               .sum = c + (tile.begin * m_ + m0) * kPanelWidth,
               .sum_stride = m_ * kPanelRowBytes,
               .targets = targets.data(),
               .panels = tile.size()});
  }
}

}  // namespace twofour::cpu
