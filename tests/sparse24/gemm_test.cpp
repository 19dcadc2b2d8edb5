#include "cpu/sparse24/gemm.h"

#include <gmock/gmock.h>

#include <array>

#include "base/error.h"
#include "cpu/sparse24/linear.h"
#include "sparse24/random_sparse.h"

namespace twofour::cpu {
namespace {

using testing::bias_of;
using testing::compressed;
using testing::epilogue_of;
using testing::random_sparse_dense;
using testing::random_values;
using testing::tolerance;

struct Problem {
  int64_t m, n, k;
  std::vector<float> w, x, residual;  // x [k,n], residual [m,n]
  Epilogue epilogue;

  Problem(int64_t m_, int64_t n_, int64_t k_, int kind)
      : m(m_),
        n(n_),
        k(k_),
        w(random_sparse_dense(m, k, 1)),
        x(random_values(k * n, 2)),
        residual(random_values(m * n, 3)),
        epilogue(epilogue_of(kind, m, 4)) {}

  double expected(int64_t row, int64_t column) const {
    double sum = bias_of(epilogue, row);
    for (int64_t i = 0; i < k; ++i)
      sum +=
          static_cast<double>(w[static_cast<size_t>(row * k + i)]) * x[static_cast<size_t>(i * n + column)];
    if (epilogue.residual) sum += residual[static_cast<size_t>(row * n + column)];
    return testing::activate(sum, epilogue);
  }
};

/// [rows, n] as panels [ceil(n/16)][rows][16], zero-padded, at `offset` floats into the result.
std::vector<float> to_panels(const std::vector<float>& plain, int64_t rows, int64_t n, size_t offset) {
  std::vector<float> panels(offset + static_cast<size_t>((n + 15) / 16 * 16 * rows));
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = 0; j < n; ++j)
      panels[offset + static_cast<size_t>((j / 16 * rows + i) * 16 + j % 16)] =
          plain[static_cast<size_t>(i * n + j)];
  return panels;
}

struct Panels {
  const float* x;         // [ceil(n/16)][k][16]
  const float* residual;  // as c, or null
  float* c;               // [ceil(n/16)][m][16]; holds partial sums on the way
};

void multiply_rows(const Sparse24Gemm& gemm, const Problem& p, const Panels& panels, Range tile,
                   int64_t m_block, Range k_blocks) {
  const int64_t m0 = gemm.plan().m_blocks[static_cast<size_t>(m_block)].begin;
  std::array<PanelTarget, kMaxTilePanels> targets;
  for (int64_t i = tile.begin; i < tile.end; ++i) {
    const int64_t offset = (i * p.m + m0) * kPanelWidth;
    targets[static_cast<size_t>(i - tile.begin)] = {
        panels.c + offset, panels.residual ? panels.residual + offset : nullptr, kPanelRowBytes};
  }
  for (int64_t kb = k_blocks.begin; kb < k_blocks.end; ++kb) {
    const int64_t k0 = gemm.plan().k_blocks[static_cast<size_t>(kb)].begin;
    gemm.run_block(static_cast<size_t>(m_block), static_cast<size_t>(kb),
                   {.x = panels.x + (tile.begin * p.k + k0) * kPanelWidth,
                    .x_stride = p.k * kPanelRowBytes,
                    .sum = panels.c + (tile.begin * p.m + m0) * kPanelWidth,
                    .sum_stride = p.m * kPanelRowBytes,
                    .targets = targets.data(),
                    .panels = tile.size()});
  }
}

void multiply(const Sparse24Gemm& gemm, const Problem& p, const Panels& panels, int threads) {
  const BlockPlan& plan = gemm.plan();
  const WorkPlan work =
      plan_work(1, (p.n + kPanelWidth - 1) / kPanelWidth, static_cast<int64_t>(plan.m_blocks.size()),
                gemm.options().tile_panels, threads);
  parallel_items(work, threads, [&](int64_t, int64_t item) {
    for (const Range& super_block : plan.super_blocks)
      for (int64_t mb = work.rows(item).begin; mb < work.rows(item).end; ++mb)
        multiply_rows(gemm, p, panels, work.tile(item), mb, super_block);
  });
}

void check_panels(const Problem& p, const Sparse24Options& options, size_t offset) {
  const auto created = Sparse24Gemm::create(compressed(p.w, p.m, p.k), p.epilogue, options);
  ASSERT_TRUE(created.kernel) << created.support.to_string();
  const auto x = to_panels(p.x, p.k, p.n, offset);
  const auto residual = to_panels(p.residual, p.m, p.n, offset);
  std::vector<float> first;
  for (int threads = 1; threads <= 3; ++threads) {
    std::vector<float> c(residual.size(), 1e30F);
    const float* added = p.epilogue.residual ? residual.data() + offset : nullptr;
    multiply(*created.kernel, p, {x.data() + offset, added, c.data() + offset}, threads);
    if (threads > 1) {
      EXPECT_EQ(c, first) << threads << " threads";
      continue;
    }
    first = c;
    for (int64_t i = 0; i < p.m; ++i)
      for (int64_t j = 0; j < p.n; ++j)
        ASSERT_NEAR(c[offset + static_cast<size_t>((j / 16 * p.m + i) * 16 + j % 16)], p.expected(i, j),
                    tolerance(p.k))
            << "row " << i << " column " << j << " of " << p.m << "x" << p.n << "x" << p.k;
  }
}

TEST(Sparse24Gemm, MatchesTheReferenceAtOddSizes) {
  TWOFOUR_SKIP_WITHOUT_SPARSE24();
  for (const int64_t m : {1, 2, 27, 28, 29, 57, 90})
    for (const int64_t n : {1, 15, 16, 17, 300})
      for (const int64_t k : {4, 12, 128, 132, 644}) check_panels(Problem(m, n, k, 5), {}, 0);
}

TEST(Sparse24Gemm, EveryEpilogue) {
  TWOFOUR_SKIP_WITHOUT_SPARSE24();
  for (int kind = 0; kind < testing::kEpilogueKinds; ++kind)
    for (const int64_t k : {64, 300}) check_panels(Problem(31, 33, k, kind), {}, 0);
}

TEST(Sparse24Gemm, EveryBlocking) {
  TWOFOUR_SKIP_WITHOUT_SPARSE24();
  const Problem p(61, 170, 520, 7);
  for (const int64_t k_block : {4, 36, 100, 256})
    for (const int64_t super_block : {4, 200, 4096})
      for (const int64_t tile : {1, 3, 64})
        check_panels(p, {.tile_panels = tile, .k_block = k_block, .super_block = super_block}, 0);
}

TEST(Sparse24Gemm, PanelsNeedNoAlignment) {
  TWOFOUR_SKIP_WITHOUT_SPARSE24();
  for (const size_t offset : {1U, 5U, 15U}) check_panels(Problem(30, 40, 260, 7), {}, offset);
}

TEST(Sparse24Gemm, NanPassesThroughActivations) {
  TWOFOUR_SKIP_WITHOUT_SPARSE24();
  for (const int kind : {4, 8}) {
    Problem p(3, 16, 4, kind);
    p.w = {1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0};
    const auto created = Sparse24Gemm::create(compressed(p.w, p.m, p.k), p.epilogue);
    std::vector<float> x(64, std::numeric_limits<float>::quiet_NaN());
    std::vector<float> c(48);
    multiply(*created.kernel, p, {x.data(), nullptr, c.data()}, 1);
    for (const float v : c) EXPECT_TRUE(std::isnan(v));
  }
}

TEST(Sparse24Gemm, DeclinesWithReasons) {
  EXPECT_EQ(sparse24_supports(Isa::kScalar).reason, backend::Reason::kIsa);
  EXPECT_EQ(sparse24_supports(Isa::kScalar).detail, "needs avx2, has scalar");
  EXPECT_TRUE(sparse24_supports(Isa::kAvx2));
  EXPECT_TRUE(sparse24_supports(Isa::kAvx512));
  const auto matrix = compressed(random_sparse_dense(64, 64, 1), 64, 64);
  EXPECT_EQ(Sparse24Gemm::create(matrix, {}, {.isa = Isa::kScalar}).support.reason, backend::Reason::kIsa);
}

TEST(Sparse24Gemm, OnlyGeneratedCodeHasABudget) {
  TWOFOUR_SKIP_WITHOUT_SPARSE24();
  const auto matrix = compressed(random_sparse_dense(64, 64, 1), 64, 64);
  const auto support_of = [&](BlockForm form) {
    return Sparse24Gemm::create(matrix, {}, {.form = form, .code_budget_bytes = 1000}).support.to_string();
  };
  const std::string no_budget = "the generated code would exceed its budget (64x64 weights, 1000 bytes)";
  const std::string no_code = "the CPU lacks the instruction set (needs avx512, has avx2)";
  const bool avx512 = max_isa() >= Isa::kAvx512;
  EXPECT_EQ(support_of(BlockForm::kLists), "supported");
  EXPECT_EQ(support_of(BlockForm::kCode), avx512 ? no_budget : no_code);
  EXPECT_EQ(support_of(BlockForm::kAuto), avx512 ? no_budget : "supported");
}

TEST(Sparse24Gemm, ReportsItsSize) {
  TWOFOUR_SKIP_WITHOUT_SPARSE24();
  const auto matrix = compressed(random_sparse_dense(256, 512, 1), 256, 512);
  const int64_t weights = 256 * 512 / 2;
  EXPECT_EQ(Sparse24Gemm::create(matrix, {}, {.isa = Isa::kAvx2}).kernel->code().size(), weights * 8);
  if (max_isa() < Isa::kAvx512) return;
  const auto created = Sparse24Gemm::create(matrix, {});
  EXPECT_GT(created.kernel->code().size(), weights * 10);
  EXPECT_LT(created.kernel->code().size(), weights * 13);
}

// Both add in the same order.
TEST(Sparse24Gemm, CodeAndListsAgreeBitForBit) {
  if (const auto support = sparse24_code_ok(95, 300); !support) GTEST_SKIP() << support.to_string();
  for (int kind = 0; kind < testing::kEpilogueKinds; ++kind) {
    const Problem p(95, 133, 300, kind);
    const auto x = to_panels(p.x, p.k, p.n, 0), residual = to_panels(p.residual, p.m, p.n, 0);
    std::vector<float> results[3];
    const Sparse24Options options[] = {
        {.form = BlockForm::kCode}, {.form = BlockForm::kLists}, {.isa = Isa::kAvx2}};
    for (size_t i = 0; i < std::size(options); ++i) {
      const auto created = Sparse24Gemm::create(compressed(p.w, p.m, p.k), p.epilogue, options[i]);
      std::vector<float>& c = results[i];
      c.resize(residual.size());
      const float* added = p.epilogue.residual ? residual.data() : nullptr;
      multiply(*created.kernel, p, {x.data(), added, c.data()}, 2);
    }
    EXPECT_EQ(results[0], results[1]) << "epilogue " << kind;
    EXPECT_EQ(results[0], results[2]) << "epilogue " << kind;
  }
}

TEST(Sparse24Gemm, RefusesBadArguments) {
  TWOFOUR_SKIP_WITHOUT_SPARSE24();
  auto matrix = compressed(random_sparse_dense(4, 8, 1), 4, 8);
  EXPECT_THROW(Sparse24Gemm::create(matrix, {.bias = {1, 2, 3}}), Error);
  EXPECT_THROW(Sparse24Gemm::create(matrix, {}, {.k_block = 260}), Error);
  EXPECT_THROW(Sparse24Gemm::create(matrix, {}, {.tile_panels = 65}), Error);
  matrix.indices[0] = 0;
  EXPECT_THROW(Sparse24Gemm::create(matrix, {}), Error);
}

void check_linear(const Problem& p, ItemLayout layout, size_t offset, bool in_place) {
  const auto created = create_sparse24_linear(compressed(p.w, p.m, p.k), p.n, layout, p.epilogue);
  ASSERT_TRUE(created.kernel) << created.support.to_string();
  const bool rows = layout == ItemLayout::kRows;
  const auto at = [&](int64_t row, int64_t column, int64_t height) {
    return offset + static_cast<size_t>(rows ? column * height + row : row * p.n + column);
  };
  std::vector<float> x(p.x.size() + offset), residual(p.residual.size() + offset);
  for (int64_t j = 0; j < p.n; ++j) {
    for (int64_t i = 0; i < p.k; ++i) x[at(i, j, p.k)] = p.x[static_cast<size_t>(i * p.n + j)];
    for (int64_t i = 0; i < p.m; ++i) residual[at(i, j, p.m)] = p.residual[static_cast<size_t>(i * p.n + j)];
  }
  std::vector<float> first;
  for (int threads = 1; threads <= 3; ++threads) {
    std::vector<std::byte> scratch(created.kernel->scratch_bytes(threads) + 3);
    std::vector<float> y = in_place ? residual : std::vector<float>(residual.size(), 1e30F);
    const float* added = in_place ? y.data() : residual.data();
    created.kernel->run(x.data() + offset, p.epilogue.residual ? added + offset : nullptr, y.data() + offset,
                        scratch.data() + 3, threads);
    if (threads == 1) first = y;
    EXPECT_EQ(y, first) << threads << " threads";
  }
  for (int64_t i = 0; i < p.m; ++i)
    for (int64_t j = 0; j < p.n; ++j)
      ASSERT_NEAR(first[at(i, j, p.m)], p.expected(i, j), tolerance(p.k))
          << "row " << i << " column " << j << " of " << p.m << "x" << p.n << "x" << p.k
          << (rows ? " rows" : "");
}

TEST(Sparse24Linear, MatchesTheReference) {
  TWOFOUR_SKIP_WITHOUT_SPARSE24();
  for (const auto layout : {ItemLayout::kColumns, ItemLayout::kRows})
    for (const int64_t m : {1, 17, 64, 100})
      for (const int64_t n : {1, 16, 35, 272})
        for (const int64_t k : {8, 148, 1028}) check_linear(Problem(m, n, k, 7), layout, 0, false);
}

TEST(Sparse24Linear, EveryEpilogueMisalignedAndInPlace) {
  TWOFOUR_SKIP_WITHOUT_SPARSE24();
  for (const auto layout : {ItemLayout::kColumns, ItemLayout::kRows})
    for (int kind = 0; kind < testing::kEpilogueKinds; ++kind) {
      const Problem p(45, 51, 600, kind);
      check_linear(p, layout, static_cast<size_t>(kind), false);
      check_linear(p, layout, 1, true);
    }
}

}  // namespace
}  // namespace twofour::cpu
