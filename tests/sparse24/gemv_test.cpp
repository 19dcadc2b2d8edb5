#include "cpu/sparse24/gemv.h"

#include <gmock/gmock.h>

#include <cmath>
#include <cstring>

#include "base/errors.h"
#include "cpu/sparse24/gemv_format.h"
#include "sparse24/random_sparse.h"

namespace twofour::cpu {
namespace {

using testing::compressed;
using testing::random_sparse_dense;
using testing::random_values;

std::vector<Isa> levels() {
  std::vector<Isa> result;
  for (const Isa isa : {Isa::kAvx2, Isa::kAvx512})
    if (isa <= max_isa()) result.push_back(isa);
  return result;
}

Tensor tensor_of(const std::vector<float>& values) {
  return Tensor::of<float>({static_cast<int64_t>(values.size())}, values);
}

/// Weights that every stored type holds exactly: i8 whole numbers, otherwise eighths.
struct Problem {
  int64_t m, n, k;
  DType stored;
  std::vector<float> w, x;  // w [m,k], x [n,k]
  Tensor scales, bias;

  Problem(int64_t m_, int64_t n_, int64_t k_, DType stored_ = DType::kF32, uint64_t seed = 1)
      : m(m_),
        n(n_),
        k(k_),
        stored(stored_),
        w(random_sparse_dense(m, k, seed)),
        x(random_values(n * k, seed + 1)),
        bias(tensor_of(random_values(m, seed + 2))) {
    const float unit = stored == DType::kI8 ? 1.0F / 127 : 1.0F / 8;
    for (float& v : w) v = std::round(v / unit) * (stored == DType::kI8 ? 1 : unit);
    if (stored != DType::kI8) return;
    scales = tensor_of(random_values(m, seed + 3));
    for (float& scale : scales.span<float>()) scale *= unit;
  }

  GemvProblem problem() const { return {.items = n, .m = m, .k = k, .scales = scales, .bias = bias}; }
  Sparse24Gemv gemv(Isa isa) const { return {problem(), pack_gemv(compressed(w, m, k), stored), isa}; }

  double expected(int64_t item, int64_t row) const {
    double sum = 0;
    for (int64_t i = 0; i < k; ++i)
      sum += static_cast<double>(w[static_cast<size_t>(row * k + i)]) * x[static_cast<size_t>(item * k + i)];
    if (scales.defined()) sum *= scales.span<float>()[static_cast<size_t>(row)];
    return sum + (bias.defined() ? bias.span<float>()[static_cast<size_t>(row)] : 0.0F);
  }
};

std::vector<float> run(const Sparse24Gemv& gemv, const Problem& p, int threads, size_t offset = 0) {
  std::vector<float> x(offset), y(offset + static_cast<size_t>(p.n * p.m), 1e30F);
  x.insert(x.end(), p.x.begin(), p.x.end());
  const Tensor scratch(DType::kU8, {static_cast<int64_t>(gemv.scratch_bytes())});
  std::memset(scratch.raw(), 0xff, scratch.size_bytes());  // NaN
  gemv.run(x.data() + offset, nullptr, y.data() + offset, scratch.raw(), threads);
  return {y.begin() + static_cast<std::ptrdiff_t>(offset), y.end()};
}

void check(const Problem& p, size_t offset = 0) {
  for (const Isa isa : levels()) {
    const Sparse24Gemv gemv = p.gemv(isa);
    const std::vector<float> y = run(gemv, p, 1, offset);
    for (int64_t item = 0; item < p.n; ++item)
      for (int64_t row = 0; row < p.m; ++row)
        ASSERT_NEAR(y[static_cast<size_t>(item * p.m + row)], p.expected(item, row), testing::tolerance(p.k))
            << isa_name(isa) << " " << dtype_name(p.stored) << " item " << item << " row " << row << " of "
            << p.n << "x" << p.m << "x" << p.k;
    for (int threads = 2; threads <= 3; ++threads)
      EXPECT_EQ(run(gemv, p, threads, offset), y) << threads << " threads";
  }
}

constexpr DType kStored[] = {DType::kF32, DType::kF16, DType::kBF16, DType::kI8};

TEST(Sparse24Gemv, EveryNumberOfItems) {
  for (const DType stored : kStored)
    for (int64_t n = 1; n <= 20; ++n) check(Problem(35, n, 100, stored));
  for (const int64_t n : {31, 49, 80}) check(Problem(35, n, 100));
}

TEST(Sparse24Gemv, EveryTail) {
  for (const int64_t m : {1, 15, 16, 17, 33})
    for (int64_t k = 4; k <= 76; k += 4)
      for (const int64_t n : {1, 2, 3, 5, 9}) check(Problem(m, n, k, DType::kF32, static_cast<uint64_t>(k)));
}

TEST(Sparse24Gemv, StoredTypesAtOddSizes) {
  for (const DType stored : kStored)
    for (const int64_t m : {3, 16, 50})
      for (const int64_t k : {4, 8, 12, 28, 36, 260}) check(Problem(m, 3, k, stored));
}

TEST(Sparse24Gemv, FewRowsAreCutAlongTheColumns) {
  for (const int64_t m : {5, 40, 300})
    for (const int64_t k : {2048, 2052, 9000}) check(Problem(m, 2, k));
}

TEST(Sparse24Gemv, NothingNeedsAlignment) {
  for (const size_t offset : {1U, 5U, 15U}) check(Problem(37, 6, 260), offset);
}

TEST(Sparse24Gemv, EveryPattern) {
  for (int first = 0; first < 4; ++first)
    for (int second = first; second < 4; ++second) {
      Problem p(19, 2, 40);
      for (size_t i = 0; i < p.w.size(); ++i) {
        const int position = static_cast<int>(i % 4);
        p.w[i] = position == first || position == second ? static_cast<float>(i % 7) - 3 : 0;
      }
      check(p);
    }
}

TEST(Sparse24Gemv, ZeroMatrixAndNoBias) {
  Problem p(20, 3, 64);
  p.bias = Tensor();
  check(p);
  p.w.assign(p.w.size(), 0);
  check(p);
}

TEST(Sparse24Gemv, ActivationComesLast) {
  const Problem p(40, 3, 64);
  for (const Isa isa : levels()) {
    GemvProblem problem = p.problem();
    problem.activation = {ops::Activation::Kind::kClip, -0.25F, 0.5F};
    const Sparse24Gemv gemv(problem, pack_gemv(compressed(p.w, p.m, p.k)), isa);
    const std::vector<float> plain = run(p.gemv(isa), p, 2);
    const std::vector<float> clipped = run(gemv, p, 2);
    for (size_t i = 0; i < plain.size(); ++i)
      EXPECT_EQ(clipped[i], std::min(std::max(plain[i], -0.25F), 0.5F));
  }
}

TEST(Sparse24Gemv, ResidualIsAddedBeforeTheActivationAndMayBeTheResult) {
  const Problem p(40, 3, 64);
  const std::vector<float> residual = random_values(p.n * p.m, 7);
  for (const Isa isa : levels()) {
    GemvProblem problem = p.problem();
    problem.activation = {ops::Activation::Kind::kRelu};
    const Sparse24Gemv gemv(problem, pack_gemv(compressed(p.w, p.m, p.k)), isa);
    const Tensor scratch(DType::kU8, {static_cast<int64_t>(gemv.scratch_bytes())});
    const std::vector<float> plain = run(p.gemv(isa), p, 2);
    std::vector<float> apart(residual.size()), shared = residual;
    gemv.run(p.x.data(), residual.data(), apart.data(), scratch.raw(), 2);
    gemv.run(p.x.data(), shared.data(), shared.data(), scratch.raw(), 2);
    for (size_t i = 0; i < plain.size(); ++i) EXPECT_EQ(apart[i], std::max(plain[i] + residual[i], 0.0F));
    EXPECT_EQ(shared, apart);
  }
}

TEST(Sparse24Gemv, AnyPackedBytesOfTheRightSizeAreSafe) {
  const Problem p(21, 4, 84);
  Rng rng(9);
  for (const DType stored : kStored) {
    Tensor packed = pack_gemv(compressed(p.w, p.m, p.k), stored);
    for (std::byte& byte : std::span(packed.raw(), packed.size_bytes()))
      byte = static_cast<std::byte>(rng.below(256));
    for (const Isa isa : levels()) {
      const GemvProblem problem = {.items = p.n, .m = p.m, .k = p.k};
      run(Sparse24Gemv(problem, packed, isa), p, 2);
    }
  }
}

TEST(Sparse24Gemv, ScalesThatAreNoNumbersSpoilTheirRowsAlone) {
  const Problem p(21, 3, 84, DType::kI8);
  for (const Isa isa : levels()) {
    const std::vector<float> good = run(p.gemv(isa), p, 1);
    GemvProblem problem = p.problem();
    problem.scales = p.scales.clone();
    problem.scales.span<float>()[5] = std::nanf("");
    problem.scales.span<float>()[20] = INFINITY;
    const Sparse24Gemv gemv(problem, pack_gemv(compressed(p.w, p.m, p.k), p.stored), isa);
    const std::vector<float> y = run(gemv, p, 1);
    for (size_t i = 0; i < y.size(); ++i) {
      if (i % 21 == 5 || i % 21 == 20) EXPECT_FALSE(std::isfinite(y[i])) << i;
      else EXPECT_EQ(y[i], good[i]) << i;
    }
  }
}

TEST(Sparse24Gemv, RefusesWhatIsWrong) {
  if (levels().empty()) GTEST_SKIP() << gemv_supports().to_string();
  const Problem p(20, 2, 64);
  const Tensor packed = pack_gemv(compressed(p.w, p.m, p.k));
  GemvProblem problem = p.problem();
  const auto make = [&] { Sparse24Gemv(problem, packed, levels().front()); };
  EXPECT_ERROR(Sparse24Gemv(problem, Tensor(DType::kF32, {packed.numel() - 1}), levels().front()),
               kDataCorrupt, "packed 20x64 weights of f32 take 4352 bytes, got 4348");
  EXPECT_ERROR(Sparse24Gemv(problem, Tensor(DType::kF16, {packed.numel()}), levels().front()), kDataCorrupt,
               "packed 20x64 weights of f16 take 2304 bytes, got 2176");
  EXPECT_ERROR(Sparse24Gemv(problem, Tensor(DType::kI32, {packed.numel()}), levels().front()), kDataCorrupt,
               "packed weights are i32");
  problem.bias = tensor_of({1, 2, 3});
  EXPECT_ERROR(make(), kInvalidArgument, "3 f32 values of scale or bias for 20 rows");
  problem = p.problem();
  problem.k = 62;
  EXPECT_ERROR(make(), kInvalidArgument, "multiple of four");
  problem = p.problem();
  problem.items = 0;
  EXPECT_ERROR(make(), kInvalidArgument, "0 items");
  EXPECT_ERROR(Sparse24Gemv(p.problem(), packed, Isa::kScalar), kFailedPrecondition,
               "needs avx2, has scalar");
  EXPECT_ERROR(pack_gemv(compressed(p.w, p.m, p.k), DType::kF64), kInvalidArgument, "not f64");
}

TEST(Sparse24Gemv, PackedSizeIsValuesAndTwoBitIndices) {
  EXPECT_EQ(gemv_bytes(4096, 4096, sizeof(float)), size_t{4096} * 4096 / 2 * 4 + 4096 * 4096 / 8);
  EXPECT_EQ(gemv_bytes(4096, 4096, sizeof(int8_t)), size_t{4096} * 4096 / 2 + 4096 * 4096 / 8);
}

}  // namespace
}  // namespace twofour::cpu
