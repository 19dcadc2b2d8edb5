#include <gmock/gmock.h>

#include <cmath>
#include <limits>

#include "backend/sparse24_format.h"
#include "base/error.h"
#include "sparse24/random_sparse.h"

namespace twofour::backend {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Sparse24Matrix pack(const std::vector<float>& dense, int64_t m, int64_t k) {
  return std::get<Sparse24Matrix>(compress24(dense, m, k));
}

TEST(Sparse24Format, EveryPatternHasItsNibble) {
  const std::vector<float> dense = {1, 2, 0, 0, 1, 0, 2, 0, 1, 0, 0, 2, 0, 1, 2, 0, 0, 1, 0, 2, 0, 0, 1, 2};
  const Sparse24Matrix matrix = pack(dense, 1, 24);
  EXPECT_THAT(matrix.indices, ElementsAre(0x84, 0x9C, 0xED));
  EXPECT_THAT(matrix.values, ElementsAre(1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2));
  EXPECT_EQ(decompress24(matrix), dense);
}

TEST(Sparse24Format, DegenerateBlocksKeepTheNonZeroAndTheLowestOther) {
  const std::vector<float> dense = {0, 0, 0, 0, 5, 0, 0, 0, 0, 5, 0, 0, 0, 0, 5, 0, 0, 0, 0, 5};
  const Sparse24Matrix matrix = pack(dense, 1, 20);
  EXPECT_THAT(matrix.indices, ElementsAre(0x44, 0x84, 0x0C));
  // Position 1 alone keeps {0,1}, so its value comes second.
  EXPECT_THAT(matrix.values, ElementsAre(0, 0, 5, 0, 0, 5, 0, 5, 0, 5));
  EXPECT_EQ(decompress24(matrix), dense);
}

TEST(Sparse24Format, RowsStartAtAByte) {
  const std::vector<float> dense = {1, 2, 0, 0, 0, 0, 3, 4};
  const Sparse24Matrix matrix = pack(dense, 2, 4);
  EXPECT_THAT(matrix.indices, ElementsAre(0x04, 0x0E));
  EXPECT_EQ(decompress24(matrix), dense);
}

TEST(Sparse24Format, RoundTripsRandomMatrices) {
  for (const auto& [m, k] :
       {std::pair<int64_t, int64_t>{1, 4}, {3, 12}, {17, 64}, {5, 100}, {0, 8}, {4, 0}}) {
    const auto dense = cpu::testing::random_sparse_dense(m, k, static_cast<uint64_t>(m * 1000 + k));
    const Sparse24Matrix matrix = pack(dense, m, k);
    EXPECT_NO_THROW(verify(matrix));
    EXPECT_EQ(decompress24(matrix), dense) << m << "x" << k;
  }
}

TEST(Sparse24Format, NegativeZeroIsZeroAndNanIsNot) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const Sparse24Matrix zeros = pack({-0.0F, 1, -0.0F, 2}, 1, 4);
  EXPECT_THAT(zeros.values, ElementsAre(1, 2));
  EXPECT_FALSE(std::signbit(pack({-0.0F, 0, 0, 2}, 1, 4).values[0]));
  EXPECT_TRUE(std::isnan(pack({0, nan, 0, 1}, 1, 4).values[0]));
  EXPECT_TRUE(std::holds_alternative<Sparse24Violation>(compress24(std::vector<float>{1, nan, 0, 1}, 1, 4)));
}

TEST(Sparse24Format, NamesTheFirstViolation) {
  std::vector<float> dense(3 * 8);
  dense[20] = dense[21] = dense[22] = 1;
  dense[12] = dense[13] = dense[15] = 1;
  EXPECT_EQ(std::get<Sparse24Violation>(compress24(dense, 3, 8)), (Sparse24Violation{1, 1}));
}

template <typename Fn>
void expect_error(ErrorCode code, const char* text, Fn&& fn) {
  try {
    fn();
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code);
    EXPECT_THAT(error.what(), HasSubstr(text));
  }
}

TEST(Sparse24Format, RefusesWrongSizes) {
  const std::vector<float> dense(12);
  expect_error(ErrorCode::kInvalidArgument, "2x6", [&] { compress24(dense, 2, 6); });
  expect_error(ErrorCode::kInvalidArgument, "needs 16 values, got 12", [&] { compress24(dense, 2, 8); });
}

TEST(Sparse24Format, VerifyFindsForeignDamage) {
  const Sparse24Matrix good = pack({1, 2, 0, 0, 0, 0, 3, 4}, 2, 4);
  Sparse24Matrix bad = good;
  bad.indices[1] = 0x06;
  expect_error(ErrorCode::kDataCorrupt, "row 1 block 0 has index nibble 6", [&] { verify(bad); });
  Sparse24Matrix even = pack(std::vector<float>(16), 2, 8);
  even.indices[1] = 0x54;
  expect_error(ErrorCode::kDataCorrupt, "row 1 block 1 has index nibble 5", [&] { verify(even); });
  bad = good;
  bad.values.pop_back();
  expect_error(ErrorCode::kDataCorrupt, "3 values", [&] { verify(bad); });
  bad = good;
  bad.k = 6;
  expect_error(ErrorCode::kDataCorrupt, "2x6", [&] { verify(bad); });
}

}  // namespace
}  // namespace twofour::backend
