#include "cpu/sparse24/gemm.h"

#include <algorithm>

#include "base/align.h"
#include "base/error.h"
#include "cpu/generated_code.h"

namespace twofour::cpu {
namespace {

/// Specs of all blocks in the order of execution.
std::vector<BlockSpec> block_specs(const BlockPlan& plan, const Sparse24Options& options,
                                   const std::vector<int64_t>& row_offsets) {
  std::vector<BlockSpec> specs;
  const int64_t group_rows = plan.m_blocks.back().end / options.groups;
  const auto k_blocks = static_cast<int64_t>(plan.k_blocks.size());
  for (const Range& super_block : plan.super_blocks)
    for (const Range& rows : plan.m_blocks)
      for (int64_t kb = super_block.begin; kb < super_block.end; ++kb)
        specs.push_back(
            {.kind = options.kind,
             .rows = rows,
             .columns = plan.k_blocks[static_cast<size_t>(kb)],
             .first = kb == 0,
             .last = kb + 1 == k_blocks,
             .row_offsets = row_offsets.empty() ? nullptr : &row_offsets,
             .x_ahead = rows.begin % group_rows == 0 ? options.x_ahead : 0,
             .tile_panels = options.expected_panels > 0 ? options.expected_panels : options.tile_panels,
             .prefetch_blocks = options.prefetch_blocks});
  return specs;
}

int64_t super_block_of(const Sparse24Options& options) {
  if (options.super_block > 0) return options.super_block;
  const int64_t panels = options.expected_panels > 0 ? options.expected_panels : options.tile_panels;
  return std::max<int64_t>(256, static_cast<int64_t>(l2_bytes() / 2) / (panels * kPanelRowBytes));
}

void check_epilogue(const Epilogue& epilogue, int64_t m) {
  const auto check = [m](const char* what, size_t count) {
    TWOFOUR_CHECK(static_cast<int64_t>(count) == m, kInvalidArgument,
                  "[sparse24] {} has {} values, expected {}", what, count, m);
  };
  if (!epilogue.bias.empty()) check("bias", epilogue.bias.size());
  if (!epilogue.codes) return;
  check("start", epilogue.codes->start.size());
  check("scale", epilogue.codes->scale.size());
}

}  // namespace

backend::Support sparse24_supports(Isa isa) {
  if (isa >= Isa::kAvx2) return backend::supported();
  return backend::declined(backend::Reason::kIsa, fmt::format("needs avx2, has {}", isa_name(isa)));
}

int64_t sparse24_block_rows(const Sparse24Options& options) {
  if (options.form == BlockForm::kLists) return kMaxListedRows;
  return max_block_rows(options.kind);
}

/// The X rows of a block of lists and seven panels take most of an L1 cache of 48 KiB; generated blocks read
/// each of them once.
int64_t default_k_block(BlockForm form) { return form == BlockForm::kLists ? 64 : 128; }

void check_options(const Sparse24Options& options) {
  const bool k_block_ok =
      options.k_block == 0 || (options.k_block >= 4 && options.k_block <= kMaxBlockColumns);
  TWOFOUR_CHECK(k_block_ok && options.tile_panels > 0 && options.tile_panels <= kMaxTilePanels,
                kInvalidArgument, "[sparse24] k_block {} is outside 4..{} or tile_panels {} outside 1..{}",
                options.k_block, kMaxBlockColumns, options.tile_panels, kMaxTilePanels);
  TWOFOUR_CHECK(options.prefetch_blocks >= 0 && options.prefetch_blocks <= kMaxPrefetchBlocks,
                kInvalidArgument, "[sparse24] prefetch_blocks {} is outside 0..{}", options.prefetch_blocks,
                kMaxPrefetchBlocks);
}

backend::Support sparse24_code_ok(int64_t m, int64_t x_rows, const Sparse24Options& options) {
  if (const Isa isa = std::min(options.isa, max_isa()); isa < Isa::kAvx512)
    return backend::declined(backend::Reason::kIsa, fmt::format("needs avx512, has {}", isa_name(isa)));
  if (options.kind == ProductKind::kBf16 && !cpu_has(CpuFeature::kAvx512Bf16))
    return backend::declined(backend::Reason::kIsa, "needs avx512-bf16");
  if (options.kind == ProductKind::kCodes &&
      !(cpu_has(CpuFeature::kAvx512Vnni) && cpu_has(CpuFeature::kAvx512Vbmi2)))
    return backend::declined(backend::Reason::kIsa, "needs avx512-vnni and avx512-vbmi2");
  if (const backend::Support& no = generated_code_ok(); !no) return no;
  const int64_t k_block = default_k_block(BlockForm::kCode);
  const int64_t block_rows = max_block_rows(options.kind);
  const BlockSpec largest{
      .kind = options.kind, .rows = {0, std::min(m, block_rows)}, .columns = {0, std::min(x_rows, k_block)}};
  const int64_t blocks = ceil_div(m, block_rows) * ceil_div(x_rows, k_block);
  if (blocks <= options.code_budget_bytes / block_bytes_bound(largest)) return backend::supported();
  return backend::declined(backend::Reason::kCodeBudget,
                           fmt::format("{}x{} weights, {} bytes", m, x_rows * lane_values(options.kind),
                                       options.code_budget_bytes));
}

Sparse24Options with_form(Sparse24Options options, int64_t m, int64_t x_rows) {
  if (options.form != BlockForm::kAuto) return options;
  const backend::Support code = sparse24_code_ok(m, x_rows, options);
  const bool dense_has_code =
      options.kind != ProductKind::kF32 || code || code.reason == backend::Reason::kCodeBudget;
  options.form = dense_has_code ? BlockForm::kCode : BlockForm::kLists;
  return options;
}

BlockPlan sparse24_plan(int64_t m, int64_t x_rows, const Sparse24Options& options) {
  const int64_t k_block = options.k_block > 0 ? options.k_block : default_k_block(options.form);
  return plan_blocks(m, x_rows, sparse24_block_rows(options), k_block, super_block_of(options),
                     m / options.groups, lane_values(options.kind));
}

Sparse24Created<Sparse24Gemm> Sparse24Gemm::create(const backend::Sparse24View& matrix,
                                                   const Epilogue& epilogue, const Sparse24Options& options,
                                                   const std::vector<int64_t>& row_offsets) {
  const Isa isa = std::min(options.isa, max_isa());
  if (auto support = sparse24_supports(isa); !support) return {nullptr, std::move(support)};
  backend::verify(matrix);
  check_epilogue(epilogue, matrix.m);
  check_options(options);
  TWOFOUR_ASSERT((options.kind == ProductKind::kCodes) == epilogue.codes.has_value(),
                 "codes are announced or given, not both");
  const int64_t x_rows = matrix.k / lane_values(options.kind);
  TWOFOUR_ASSERT(row_offsets.empty() || static_cast<int64_t>(row_offsets.size()) == x_rows,
                 "{} row offsets for {} rows", row_offsets.size(), x_rows);
  if (matrix.m == 0 || matrix.k == 0)
    return {nullptr,
            backend::declined(backend::Reason::kShape, fmt::format("{}x{} weights", matrix.m, matrix.k))};
  const BlockForm form = with_form(options, matrix.m, x_rows).form;
  if (form == BlockForm::kCode)
    if (auto support = sparse24_code_ok(matrix.m, x_rows, options); !support)
      return {nullptr, std::move(support)};
  std::unique_ptr<Sparse24Gemm> gemm(new Sparse24Gemm);
  gemm->options_ = options;
  gemm->options_.isa = isa;
  gemm->options_.form = form;
  gemm->plan_ = sparse24_plan(matrix.m, x_rows, gemm->options_);
  gemm->places_ = places_in(gemm->plan_);
  const auto specs = block_specs(gemm->plan_, options, row_offsets);
  if (form == BlockForm::kLists) gemm->listed_ = ListedBlocks(matrix, epilogue, specs);
  else gemm->generate(matrix, epilogue, specs);
  return {std::move(gemm), {}};
}

void Sparse24Gemm::generate(const backend::Sparse24View& matrix, const Epilogue& epilogue,
                            const std::vector<BlockSpec>& specs) {
  int64_t bytes = 0;
  for (const BlockSpec& spec : specs) bytes += block_bytes_bound(spec);
  code_ = ExecutableBuffer(static_cast<size_t>(bytes));
  Xbyak::CodeGenerator out(static_cast<size_t>(bytes), code_.writable());
  for (const BlockSpec& spec : specs) entries_.push_back(generate_block(out, matrix, epilogue, spec));
  code_.seal(out.getSize());
}

std::vector<Sparse24Gemm::Places> Sparse24Gemm::places_in(const BlockPlan& plan) {
  std::vector<Places> places;
  for (const Range& super_block : plan.super_blocks)
    for (int64_t kb = super_block.begin; kb < super_block.end; ++kb)
      places.push_back({static_cast<size_t>(super_block.begin) * plan.m_blocks.size() +
                            static_cast<size_t>(kb - super_block.begin),
                        static_cast<size_t>(super_block.size())});
  return places;
}

}  // namespace twofour::cpu
