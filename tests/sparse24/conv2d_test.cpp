#include "cpu/sparse24/conv2d.h"

#include <gmock/gmock.h>

#include "base/error.h"
#include "sparse24/random_sparse.h"

namespace twofour::cpu {
namespace {

using testing::compressed;
using testing::random_sparse_dense;
using testing::random_values;

size_t image_index(ImageLayout layout, int64_t n, int64_t c, int64_t y, int64_t x, int64_t channels,
                   int64_t h, int64_t w) {
  return static_cast<size_t>(layout == ImageLayout::kNchw ? ((n * channels + c) * h + y) * w + x
                                                          : ((n * h + y) * w + x) * channels + c);
}

struct Reference {
  const ConvShape& shape;
  const std::vector<float>& w;  // [K, R, S, C / groups]
  const std::vector<float>& src;

  double at(int64_t n, int64_t k, int64_t oy, int64_t ox) const {
    double sum = 0;
    const int64_t first = k / shape.group_k() * shape.group_c();
    for (int64_t r = 0; r < shape.r; ++r)
      for (int64_t s = 0; s < shape.s; ++s) {
        const int64_t y = oy * shape.stride_h - shape.pad_top + r * shape.dilation_h;
        const int64_t x = ox * shape.stride_w - shape.pad_left + s * shape.dilation_w;
        if (y < 0 || y >= shape.h || x < 0 || x >= shape.w) continue;
        for (int64_t c = 0; c < shape.group_c(); ++c)
          sum += static_cast<double>(
                     w[static_cast<size_t>(((k * shape.r + r) * shape.s + s) * shape.group_c() + c)]) *
                 src[image_index(shape.layout, n, first + c, y, x, shape.c, shape.h, shape.w)];
      }
    return sum;
  }
};

void check_values(const ConvShape& shape, const Epilogue& epilogue, const Reference& reference,
                  const std::vector<float>& residual, const std::vector<float>& dst) {
  const int64_t oh = shape.out_h(), ow = shape.out_w();
  for (int64_t n = 0; n < shape.batch; ++n)
    for (int64_t k = 0; k < shape.k; ++k)
      for (int64_t y = 0; y < oh; ++y)
        for (int64_t x = 0; x < ow; ++x) {
          const size_t i = image_index(shape.layout, n, k, y, x, shape.k, oh, ow);
          const double added = epilogue.residual ? static_cast<double>(residual[i]) : 0.0;
          const double expected =
              testing::activate(reference.at(n, k, y, x) + testing::bias_of(epilogue, k) + added, epilogue);
          ASSERT_NEAR(dst[i], expected, testing::tolerance(shape.gemm_k()))
              << "image " << n << " channel " << k << " at " << y << "," << x;
        }
}

void check_mapping(const ConvShape& shape, int kind, const Sparse24Options& options);

/// Against the reference, with every way to read the input, 1 to 3 threads, as lists and as code where there
/// is code.
void check_conv(const ConvShape& shape, int kind, Sparse24Options options = {}) {
  for (const auto form : {BlockForm::kLists, BlockForm::kCode})
    for (const auto mapping : {ConvMapping::kPacked, ConvMapping::kPlanar, ConvMapping::kDirect}) {
      if (form == BlockForm::kCode && !sparse24_code_ok(shape.k, shape.gemm_k())) continue;
      options.form = form;
      options.mapping = mapping;
      check_mapping(shape, kind, options);
    }
}

void check_mapping(const ConvShape& shape, int kind, const Sparse24Options& options) {
  SCOPED_TRACE(fmt::format(
      "{} {}x{}x{}x{} k{} groups {} {}x{} stride {}x{} pad {},{},{},{} dilation {}x{} epilogue {} mapping {} "
      "form {}",
      shape.layout == ImageLayout::kNchw ? "nchw" : "nhwc", shape.batch, shape.c, shape.h, shape.w, shape.k,
      shape.groups, shape.r, shape.s, shape.stride_h, shape.stride_w, shape.pad_top, shape.pad_left,
      shape.pad_bottom, shape.pad_right, shape.dilation_h, shape.dilation_w, kind,
      static_cast<int>(options.mapping), static_cast<int>(options.form)));
  const Epilogue epilogue = testing::epilogue_of(kind, shape.k, 4);
  const auto w = random_sparse_dense(shape.k, shape.gemm_k(), 1);
  const auto src = random_values(shape.batch * shape.c * shape.h * shape.w, 2);
  const auto residual = random_values(shape.pixels() * shape.k, 3);
  const auto created =
      Sparse24Conv2d::create(compressed(w, shape.k, shape.gemm_k()), shape, epilogue, options);
  ASSERT_TRUE(created.kernel) << created.support.to_string();
  std::vector<float> first;
  for (int threads = 1; threads <= 3; ++threads) {
    std::vector<std::byte> scratch(created.kernel->scratch_bytes(threads));
    std::vector<float> dst(residual.size(), 1e30F);
    created.kernel->run(src.data(), epilogue.residual ? residual.data() : nullptr, dst.data(), scratch.data(),
                        threads);
    if (threads == 1) first = dst;
    EXPECT_EQ(dst, first) << threads << " threads";
  }
  check_values(shape, epilogue, {shape, w, src}, residual, first);
  if (!epilogue.residual) return;
  std::vector<std::byte> scratch(created.kernel->scratch_bytes(1));
  std::vector<float> in_place = residual;
  created.kernel->run(src.data(), in_place.data(), in_place.data(), scratch.data(), 1);
  EXPECT_EQ(in_place, first) << "residual in place";
}

class Sparse24Conv : public ::testing::TestWithParam<ImageLayout> {
 protected:
  void SetUp() override { TWOFOUR_SKIP_WITHOUT_SPARSE24(); }
  static ConvShape square(int64_t batch, int64_t c, int64_t size, int64_t k, int64_t kernel, int64_t stride,
                          int64_t pad) {
    return {.layout = GetParam(),
            .batch = batch,
            .c = c,
            .h = size,
            .w = size,
            .k = k,
            .r = kernel,
            .s = kernel,
            .stride_h = stride,
            .stride_w = stride,
            .pad_top = pad,
            .pad_left = pad,
            .pad_bottom = pad,
            .pad_right = pad};
  }
};

TEST_P(Sparse24Conv, Pointwise) {
  check_conv(square(1, 64, 8, 64, 1, 1, 0), 5);
  check_conv(square(3, 12, 12, 30, 1, 1, 0), 7);  // whole panels in every image
  check_conv(square(2, 260, 28, 29, 1, 1, 0), 7);
  check_conv(square(3, 20, 7, 30, 1, 1, 0), 7);
  check_conv(square(5, 4, 3, 1, 1, 1, 0), 3);
  check_conv(square(2, 132, 14, 29, 1, 1, 0), 7);
  check_conv(square(1, 1028, 5, 40, 1, 1, 0), 7);
}

TEST_P(Sparse24Conv, KernelsStridesAndPads) {
  for (const int64_t kernel : {1, 2, 3, 5})
    for (const int64_t stride : {1, 2, 3, 5})
      for (const int64_t pad : {0, 1, 2}) check_conv(square(2, 12, 11, 17, kernel, stride, pad), 7);
}

TEST_P(Sparse24Conv, EveryEpilogue) {
  for (int kind = 0; kind < testing::kEpilogueKinds; ++kind) check_conv(square(2, 16, 9, 33, 3, 1, 1), kind);
}

TEST_P(Sparse24Conv, AsymmetricGeometry) {
  ConvShape shape{.layout = GetParam(),
                  .batch = 2,
                  .c = 8,
                  .h = 9,
                  .w = 21,
                  .k = 19,
                  .r = 3,
                  .s = 2,
                  .stride_h = 2,
                  .stride_w = 1,
                  .pad_top = 1,
                  .pad_left = 0,
                  .pad_bottom = 2,
                  .pad_right = 3,
                  .dilation_h = 2,
                  .dilation_w = 3};
  check_conv(shape, 7);
  shape.stride_w = 2;
  check_conv(shape, 7);
  shape.w = 2;
  shape.pad_left = 5;
  check_conv(shape, 7);
}

TEST_P(Sparse24Conv, ResnetShapes) {
  check_conv(square(2, 16, 32, 16, 3, 1, 1), 5);
  check_conv(square(2, 16, 32, 32, 3, 2, 1), 5);
  check_conv(square(3, 128, 7, 60, 3, 1, 1), 7);
  check_conv(square(1, 64, 28, 70, 1, 2, 0), 1);
}

TEST_P(Sparse24Conv, EveryBlocking) {
  for (const int64_t k_block : {4, 20, 256})
    for (const int64_t super_block : {4, 60, 1000})
      for (const int64_t tile : {1, 5, 64})
        check_conv(square(2, 12, 13, 31, 3, 1, 1), 7,
                   {.tile_panels = tile, .k_block = k_block, .super_block = super_block});
}

TEST_P(Sparse24Conv, Groups) {
  const auto grouped = [](ConvShape shape, int64_t groups) {
    shape.groups = groups;
    return shape;
  };
  check_conv(grouped(square(1, 256, 9, 256, 3, 1, 1), 32), 5);
  check_conv(grouped(square(2, 64, 14, 64, 3, 2, 1), 4), 7);
  check_conv(grouped(square(2, 128, 7, 128, 3, 1, 1), 2), 7);
  check_conv(grouped(square(3, 64, 4, 96, 1, 1, 0), 8), 7);  // whole panels in every image
  for (const int64_t groups : {1, 3, 5})
    for (const int64_t c : {4, 12, 20})
      for (const int64_t k : {1, 3, 30})
        check_conv(grouped(square(2, groups * c, 7, groups * k, 3, 1, 1), groups), 7);
}

TEST_P(Sparse24Conv, RandomGroups) {
  Rng rng(5);
  const auto from = [&](int64_t low, int64_t high) {
    return low + static_cast<int64_t>(rng.below(static_cast<uint64_t>(high - low + 1)));
  };
  for (int i = 0; i < 60; ++i) {
    const int64_t groups = from(2, 40);
    ConvShape shape{.layout = GetParam(),
                    .batch = from(1, 3),
                    .c = groups * 4 * from(1, 6),
                    .h = from(1, 20),
                    .w = from(1, 20),
                    .k = groups * from(1, 40),
                    .groups = groups,
                    .r = from(1, 4),
                    .s = from(1, 4),
                    .stride_h = from(1, 3),
                    .stride_w = from(1, 3),
                    .pad_top = from(0, 3),
                    .pad_left = from(0, 3),
                    .pad_bottom = from(0, 3),
                    .pad_right = from(0, 3),
                    .dilation_h = from(1, 2),
                    .dilation_w = from(1, 2)};
    shape.h += shape.dilation_h * (shape.r - 1);
    shape.w += shape.dilation_w * (shape.s - 1);
    check_conv(shape, static_cast<int>(from(0, testing::kEpilogueKinds - 1)), {.tile_panels = from(1, 26)});
  }
}

TEST_P(Sparse24Conv, EmptyBatchDoesNothing) {
  const ConvShape shape = square(0, 4, 3, 2, 1, 1, 0);
  const auto created = Sparse24Conv2d::create(compressed(random_sparse_dense(2, 4, 1), 2, 4), shape, {});
  std::vector<std::byte> scratch(created.kernel->scratch_bytes(2));
  float untouched = 3;
  created.kernel->run(&untouched, nullptr, &untouched, scratch.data(), 2);
  EXPECT_EQ(untouched, 3);
}

INSTANTIATE_TEST_SUITE_P(Layouts, Sparse24Conv, ::testing::Values(ImageLayout::kNchw, ImageLayout::kNhwc),
                         [](const auto& test) { return test.param == ImageLayout::kNchw ? "nchw" : "nhwc"; });

TEST(Sparse24ConvErrors, RefusesWhatDoesNotFit) {
  TWOFOUR_SKIP_WITHOUT_SPARSE24();
  const auto weights = compressed(random_sparse_dense(8, 36, 1), 8, 36);
  const ConvShape good{.c = 4, .h = 5, .w = 5, .k = 8, .r = 3, .s = 3};
  const auto refusal = [&](ConvShape shape) {
    try {
      Sparse24Conv2d::create(weights, shape, {});
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kInvalidArgument);
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_EQ(refusal(good), "");
  ConvShape bad = good;
  bad.k = 9;
  EXPECT_THAT(refusal(bad), ::testing::HasSubstr("needs 9x36"));
  bad = good;
  bad.h = 2;
  EXPECT_THAT(refusal(bad), ::testing::HasSubstr("larger than the padded 2x5 image"));
  bad = good;
  bad.stride_w = 0;
  EXPECT_THAT(refusal(bad), ::testing::HasSubstr("not positive"));
  bad = good;
  bad.c = 2;
  bad.s = 6;
  bad.w = 9;
  EXPECT_THAT(refusal(bad), ::testing::HasSubstr("multiple of four"));
  bad = good;
  bad.groups = 3;
  EXPECT_THAT(refusal(bad), ::testing::HasSubstr("3 groups do not divide 4 input and 8 output channels"));
  EXPECT_THROW(Sparse24Conv2d::create(weights, good, {}, {.tile_panels = 0}), Error);
}

TEST(Sparse24ConvErrors, ResidualMustMatchTheEpilogue) {
  TWOFOUR_SKIP_WITHOUT_SPARSE24();
  const ConvShape shape{.c = 4, .h = 4, .w = 4, .k = 8};
  const auto created = Sparse24Conv2d::create(compressed(random_sparse_dense(8, 4, 1), 8, 4), shape, {});
  std::vector<float> data(1024);
  std::vector<std::byte> scratch(created.kernel->scratch_bytes(1));
  EXPECT_THROW(created.kernel->run(data.data(), data.data(), data.data(), scratch.data(), 1), Error);
}

TEST(ConvWeights, ReordersToTapsOfChannels) {
  const std::vector<float> kcrs = {0, 1, 2, 3, 4, 5, 6, 7};  // k 1, c 2, r 2, s 2
  EXPECT_THAT(conv_weights_rsc(kcrs, 1, 2, 2, 2), ::testing::ElementsAre(0, 4, 1, 5, 2, 6, 3, 7));
  EXPECT_THROW(conv_weights_rsc(kcrs, 2, 2, 2, 2), Error);
}

}  // namespace
}  // namespace twofour::cpu
