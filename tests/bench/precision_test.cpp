// The option --precision of the benchmarks, and what a report says in one number.
#include "precision.h"

#include <cmath>

#include "base/errors.h"
#include "figures.h"

namespace twofour::bench {
namespace {

TEST(Precision, NamesInTheirOrderEachOnce) {
  EXPECT_EQ(parse_precisions({"int8", "f32", "int8", "bf16"}),
            (std::vector{Precision::kInt8, Precision::kF32, Precision::kBF16}));
}

TEST(Precision, OtherNamesAreRefused) {
  EXPECT_ERROR(parse_precisions({"f32", "fp16"}), kInvalidArgument,
               "there is no precision \"fp16\"; there are: f32, bf16, int8");
  EXPECT_ERROR(parse_precisions({""}), kInvalidArgument, "there is no precision \"\"");
  EXPECT_ERROR(parse_precisions({}), kInvalidArgument, "no precision is given");
}

TEST(Precision, WhatTheCpuLacksIsLeftOutWithANote) {
  std::vector<std::string> notes;
  EXPECT_EQ(usable_precisions({Precision::kInt8, Precision::kF32}, &notes),
            (std::vector{Precision::kInt8, Precision::kF32}));
  EXPECT_TRUE(notes.empty());
  const auto with_bf16 = usable_precisions({Precision::kBF16}, &notes);
  ASSERT_EQ(notes.size(), 1U);  // the CPU lacks it, or ONNX Runtime does
  EXPECT_THAT(notes[0], ::testing::HasSubstr(with_bf16.empty() ? "left out: bf16" : "left out at bf16"));
}

TEST(Figures, GeometricMean) {
  EXPECT_NEAR(geometric_mean({1, 2, 4}), 2, 1e-12);
  EXPECT_TRUE(std::isnan(geometric_mean({})));
}

TEST(Figures, Text) {
  EXPECT_EQ(geomean_name(Precision::kInt8, true), "int8_sparse_geomean");
  EXPECT_EQ(geomean_name(Precision::kBF16, false), "bf16_dense_geomean");
  EXPECT_EQ(figures_text({{"a", number_or_null(1.25)}, {"b", number_or_null(NAN)}}), "a 1.250\nb -\n");
}

}  // namespace
}  // namespace twofour::bench
