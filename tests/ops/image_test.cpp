// Ops on images: resampling, regions of interest, unusual convolutions and
// pools. Values by hand.
#include "ops/helpers.h"

namespace twofour::ops {
namespace {

using testing::ElementsAre;
using testing::FloatNear;
using testing::Pointwise;
using Floats = std::vector<float>;
using Ints = std::vector<int64_t>;

Tensor resize(const Tensor& src, const std::vector<float>& scales, Attrs attrs) {
  return run("Resize", {src, Tensor(), floats({static_cast<int64_t>(scales.size())}, scales)},
             std::move(attrs));
}

Attrs mode(const char* name, const char* transform, const char* nearest = "round_prefer_floor") {
  return {{"mode", std::string(name)},
          {"coordinate_transformation_mode", std::string(transform)},
          {"nearest_mode", std::string(nearest)}};
}

TEST(Resize, NearestRoundsAsItSays) {
  const Tensor src = iota({2});
  EXPECT_THAT(values(resize(src, {3}, mode("nearest", "half_pixel"))), ElementsAre(0, 0, 0, 1, 1, 1));
  EXPECT_THAT(values(resize(src, {2}, mode("nearest", "asymmetric", "floor"))), ElementsAre(0, 0, 1, 1));
  EXPECT_THAT(values(resize(src, {2}, mode("nearest", "asymmetric", "ceil"))), ElementsAre(0, 1, 1, 1));
  EXPECT_THAT(values(resize(src, {2}, mode("nearest", "asymmetric", "round_prefer_ceil"))),
              ElementsAre(0, 1, 1, 1));
  EXPECT_THAT(values(resize(src, {2}, mode("nearest", "asymmetric", "round_prefer_floor"))),
              ElementsAre(0, 0, 1, 1));
}

TEST(Resize, LargeIntegersStayExact) {
  const int64_t big = (int64_t{1} << 62) + 1;
  const Tensor dst = resize(ints({1}, {big}), {2}, mode("nearest", "half_pixel"));
  EXPECT_EQ(dst.span<int64_t>()[1], big);
}

TEST(Resize, LinearInterpolatesBetweenCorners) {
  EXPECT_THAT(values(resize(floats({2}, {0, 4}), {2}, mode("linear", "half_pixel"))),
              ElementsAre(0, 1, 3, 4));
  EXPECT_THAT(values(run("Resize", {floats({2}, {0, 4}), Tensor(), Tensor(), ints({1}, {5})},
                         mode("linear", "align_corners"))),
              ElementsAre(0, 1, 2, 3, 4));
}

TEST(Resize, AntialiasAveragesWhatItSkips) {
  Attrs attrs = mode("linear", "half_pixel");
  attrs.set("antialias", int64_t{1});
  attrs.set("exclude_outside", int64_t{1});
  // A triangle of radius 2 around 0.5: weights 3:3:1 for elements 0, 1 and 2.
  EXPECT_THAT(values(resize(floats({4}, {7, 0, 0, 0}), {0.5F}, attrs)),
              Pointwise(FloatNear(1e-6F), Floats{3, 0}));
}

TEST(Resize, PolicyKeepsTheAspect) {
  const auto shape = [](const char* policy) {
    return run("Resize", {iota({2, 4}), Tensor(), Tensor(), ints({2}, {6, 6})},
               {{"keep_aspect_ratio_policy", std::string(policy)}})
        .shape();
  };
  EXPECT_EQ(shape("stretch"), (Shape{6, 6}));
  EXPECT_EQ(shape("not_larger"), (Shape{3, 6}));
  EXPECT_EQ(shape("not_smaller"), (Shape{6, 12}));
}

TEST(Resize, RefusesWhatMakesNoSense) {
  const auto refused = [](const char* text, const std::vector<Tensor>& inputs, const Attrs& attrs = {}) {
    expect_error(ErrorCode::kInvalidArgument, text, [&] { run("Resize", inputs, attrs); });
  };
  const Tensor src = iota({2, 2});
  refused("exactly one of scales and sizes", {src});
  refused("exactly one of scales and sizes", {src, Tensor(), floats({2}, {1, 1}), ints({2}, {2, 2})});
  refused("scales has 1 numbers; 2 are expected", {src, Tensor(), floats({1}, {1})});
  refused("a scale is 0; it must be positive", {src, Tensor(), floats({2}, {0, 1})});
  refused("scales holds nan", {src, Tensor(), floats({2}, {NAN, 1})});
  refused("is out of range", {src, Tensor(), floats({2}, {1e30F, 1})});
  refused("an output size of -1 is out of range", {src, Tensor(), Tensor(), ints({2}, {-1, 1})});
  refused("mode \"area\" is not known", {src, Tensor(), floats({2}, {1, 1})},
          {{"mode", std::string("area")}});
  refused("antialias does not go with mode nearest", {src, Tensor(), floats({2}, {1, 1})},
          {{"antialias", int64_t{1}}});
  refused("tf_crop_and_resize needs roi", {src, Tensor(), floats({2}, {1, 1})},
          mode("linear", "tf_crop_and_resize"));
}

TEST(GridSample, OutsideIsZeroEdgeOrReflection) {
  const Tensor src = floats({1, 1, 1, 2}, {1, 3});
  const auto sample = [&](float x, const char* padding) {
    return values(run("GridSample", {src, floats({1, 1, 1, 2}, {x, 0})},
                      {{"mode", std::string("nearest")}, {"padding_mode", std::string(padding)}}))[0];
  };
  EXPECT_EQ(sample(0.5F, "zeros"), 3);
  EXPECT_EQ(sample(5, "zeros"), 0);
  EXPECT_EQ(sample(5, "border"), 3);
  EXPECT_EQ(sample(2.5F, "reflection"), 1);
  EXPECT_EQ(sample(NAN, "zeros"), 0);
  EXPECT_EQ(sample(INFINITY, "border"), 1);
  expect_error(ErrorCode::kInvalidArgument, "does not fit src", [&] {
    run("GridSample", {src, floats({1, 1, 1, 3}, {0, 0, 0})});
  });
}

TEST(RoiAlign, MeansOverTheBins) {
  const Tensor src = iota({1, 1, 4, 4});
  const Tensor roi = floats({1, 4}, {0, 0, 4, 4});
  const Attrs attrs = {{"output_height", int64_t{2}}, {"output_width", int64_t{2}}};
  EXPECT_THAT(values(run("RoiAlign", {src, roi, ints({1}, {0})}, attrs)),
              ElementsAre(2.5F, 4.5F, 10.5F, 12.5F));
  expect_error(ErrorCode::kInvalidArgument, "region of image 1, but there are 1", [&] {
    run("RoiAlign", {src, roi, ints({1}, {1})}, attrs);
  });
  for (const float far : {1e20F, NAN, INFINITY})
    expect_error(ErrorCode::kInvalidArgument, "is too large", [&] {
      run("RoiAlign", {src, floats({1, 4}, {0, 0, far, 4}), ints({1}, {0})}, attrs);
    });
}

TEST(RegionsOfInterest, KeepTheDigitsOfF64) {
  const double fine = 1 + 0x1p-40;
  const Tensor src = Tensor::of<double>({1, 1, 2, 2}, std::vector{fine, fine, fine, fine});
  const Tensor roi = floats({1, 4}, {0, 0, 2, 2}).to(DType::kF64);
  EXPECT_EQ(run("RoiAlign", {src, roi, ints({1}, {0})}).span<double>()[0], fine);
  const Tensor numbered = floats({1, 5}, {0, 0, 0, 1, 1}).to(DType::kF64);
  EXPECT_EQ(run("MaxRoiPool", {src, numbered}, {{"pooled_shape", Ints{1, 1}}}).span<double>()[0], fine);
}

TEST(MaxRoiPool, TakesWholePixels) {
  const Tensor src = iota({1, 1, 4, 4});
  const auto pool = [&](const std::vector<float>& roi, const Ints& bins) {
    return values(run("MaxRoiPool", {src, floats({1, 5}, roi)}, {{"pooled_shape", bins}}));
  };
  EXPECT_THAT(pool({0, 0, 0, 3, 3}, {2, 2}), ElementsAre(5, 7, 13, 15));
  EXPECT_THAT(pool({0, 9, 9, 9, 9}, {1, 1}), ElementsAre(0));
  for (const float image : {-1.0F, 1.0F, NAN})
    expect_error(ErrorCode::kInvalidArgument, "region of image", [&] { pool({image, 0, 0, 3, 3}, {2, 2}); });
}

TEST(MaxPool, IndicesInEitherOrderLeadMaxUnpoolBack) {
  const Tensor src = floats({1, 1, 2, 4}, {1, 5, 2, 3, 4, 0, 8, 7});
  const Attrs attrs = {{"kernel_shape", Ints{2, 2}}, {"strides", Ints{2, 2}}};
  const auto pooled = run_n("MaxPool", {src}, 2, attrs);
  EXPECT_THAT(values(pooled[1]), ElementsAre(1, 6));
  EXPECT_THAT(values(run("MaxUnpool", {pooled[0], pooled[1]}, attrs)), ElementsAre(0, 5, 0, 0, 0, 0, 8, 0));
  Attrs by_column = attrs;
  by_column.set("storage_order", int64_t{1});
  EXPECT_THAT(values(run_n("MaxPool", {src}, 2, by_column)[1]), ElementsAre(2, 5));
  expect_error(ErrorCode::kInvalidArgument, "index 8 is outside [0, 8)", [&] {
    run("MaxUnpool", {pooled[0], ints({1, 1, 1, 2}, {0, 8})}, attrs);
  });
}

TEST(ConvTranspose, SpreadsEveryElement) {
  const Tensor src = floats({1, 1, 2}, {1, 10});
  const Tensor weight = floats({1, 1, 3}, {1, 2, 3});
  EXPECT_THAT(values(run("ConvTranspose", {src, weight})), ElementsAre(1, 12, 23, 30));
  EXPECT_THAT(
      values(run("ConvTranspose", {src, weight}, {{"strides", Ints{3}}, {"output_padding", Ints{1}}})),
      ElementsAre(1, 2, 3, 10, 20, 30, 0));
  EXPECT_THAT(values(run("ConvTranspose", {src, weight}, {{"output_shape", Ints{2}}})), ElementsAre(12, 23));
  expect_error(ErrorCode::kInvalidArgument, "exceeds the 4 values of the result", [&] {
    run("ConvTranspose", {src, weight}, {{"pads", Ints{3, 3}}});
  });
  expect_error(ErrorCode::kInvalidArgument, "weight f32[1,1,3] with group 2 does not fit", [&] {
    run("ConvTranspose", {src, weight}, {{"group", int64_t{2}}});
  });
}

TEST(DeformConv, OffsetsMoveTheTaps) {
  const Tensor src = floats({1, 1, 1, 3}, {1, 2, 4});
  const Tensor weight = floats({1, 1, 1, 1}, {10});
  const Tensor offset = floats({1, 2, 1, 3}, {0, 0, 0, 0.5F, 1, 9});
  EXPECT_THAT(values(run("DeformConv", {src, weight, offset})), ElementsAre(15, 40, 0));
  expect_error(ErrorCode::kInvalidArgument, "offset is", [&] {
    run("DeformConv", {src, weight, floats({1, 1, 1, 3}, {0, 0, 0})});
  });
}

TEST(AffineGrid, IdentityGivesThePixelCentres) {
  const Tensor theta = floats({1, 2, 3}, {1, 0, 0, 0, 1, 0});
  const Tensor size = ints({4}, {1, 1, 1, 2});
  EXPECT_THAT(values(run("AffineGrid", {theta, size})), ElementsAre(-0.5F, 0, 0.5F, 0));
  EXPECT_THAT(values(run("AffineGrid", {theta, size}, {{"align_corners", int64_t{1}}})),
              ElementsAre(-1, -1, 1, -1));
}

}  // namespace
}  // namespace twofour::ops
