#include <cmath>
#include <thread>

#include "base/errors.h"
#include "data/digits.h"
#include "data/synthetic.h"

namespace twofour::data {
namespace {

std::vector<float> load_all(const Dataset& dataset, std::vector<int64_t>& labels) {
  const auto size = static_cast<size_t>(dataset.image_shape().numel());
  std::vector<float> all(size * static_cast<size_t>(dataset.size()));
  for (int64_t i = 0; i < dataset.size(); ++i)
    labels.push_back(dataset.load(i, std::span(all).subspan(static_cast<size_t>(i) * size, size)));
  return all;
}

TEST(Digits, SeedAndIndexDecideEverything) {
  std::vector<int64_t> labels, again, other;
  const auto first = load_all(*make_digits({.size = 50, .seed = 3}), labels);
  EXPECT_EQ(load_all(*make_digits({.size = 50, .seed = 3}), again), first);
  EXPECT_EQ(again, labels);
  EXPECT_NE(load_all(*make_digits({.size = 50, .seed = 4}), other), first);

  const auto dataset = make_digits({.size = 50, .seed = 3});
  std::vector<float> image(784);
  EXPECT_EQ(dataset->load(49, image), labels[49]);
  EXPECT_TRUE(std::equal(image.begin(), image.end(), first.begin() + 49 * 784));
}

TEST(Digits, ThreadsDrawTheSame) {
  const auto dataset = make_digits({.size = 60});
  std::vector<std::vector<float>> results(3);
  {
    std::vector<std::jthread> threads;
    for (auto& result : results)
      threads.emplace_back([&] {
        std::vector<int64_t> labels;
        result = load_all(*dataset, labels);
      });
  }
  EXPECT_EQ(results[1], results[0]);
  EXPECT_EQ(results[2], results[0]);
}

TEST(Digits, AnyShapeInRangeWithContrast) {
  for (const Shape& shape : {Shape{1, 28, 28}, Shape{3, 32, 32}, Shape{2, 8, 50}, Shape{1, 64, 20}}) {
    const auto dataset = make_digits({.image_shape = shape, .size = 40});
    std::vector<int64_t> labels;
    const auto pixels = load_all(*dataset, labels);
    const auto [low, high] = std::minmax_element(pixels.begin(), pixels.end());
    EXPECT_GE(*low, 0.0F);
    EXPECT_LE(*high, 1.0F);
    EXPECT_GT(*high - *low, 0.8F);
    for (const int64_t label : labels) EXPECT_TRUE(label >= 0 && label < 10);
  }
}

TEST(Digits, ClassesAreBalanced) {
  const auto dataset = make_digits({.image_shape = {1, 8, 8}, .size = 5000});
  std::vector<int64_t> labels;
  load_all(*dataset, labels);
  for (int64_t digit = 0; digit < 10; ++digit)
    EXPECT_NEAR(std::count(labels.begin(), labels.end(), digit), 500, 90);
}

/// Without jitter and noise two images of one class differ by the way of writing only, so that the nearest
/// neighbour among a few images nearly always has the right label: labels and drawings belong together.
TEST(Digits, LabelsNameWhatIsDrawn) {
  DigitsOptions plain;
  plain.size = 400;
  plain.rotation_deg = plain.shear = plain.scale = plain.translation = plain.point_noise = 0;
  plain.noise = plain.gradient = 0;
  plain.max_clutter = 0;
  plain.min_stroke = plain.max_stroke = 0.08F;
  plain.min_contrast = 0.9F;
  std::vector<int64_t> labels;
  const auto pixels = load_all(*make_digits(plain), labels);
  int right = 0;
  for (size_t i = 200; i < 400; ++i) {
    double best = INFINITY;
    int64_t nearest = -1;
    for (size_t j = 0; j < 200; ++j) {
      double same = 0, inverse = 0;  // a digit may be light or dark
      for (size_t k = 0; k < 784; ++k) {
        const double a = pixels[i * 784 + k], b = pixels[j * 784 + k];
        same += (a - b) * (a - b);
        inverse += (a + b - 1) * (a + b - 1);
      }
      if (std::min(same, inverse) < best) best = std::min(same, inverse), nearest = labels[j];
    }
    right += nearest == labels[i];
  }
  EXPECT_EQ(right, 200);
}

TEST(Digits, BadOptionsAreErrors) {
  EXPECT_ERROR(make_digits({.image_shape = {1, 7, 28}}), kInvalidArgument, "1x7x28");
  EXPECT_ERROR(make_digits({.image_shape = {28, 28}}), kInvalidArgument, "expected C,H,W");
  EXPECT_ERROR(make_digits({.image_shape = {0, 28, 28}}), kInvalidArgument, "0x28x28");
  EXPECT_ERROR(make_digits({.size = 0}), kInvalidArgument, "0 images");
  EXPECT_ERROR(make_digits({.min_stroke = 0.2F, .max_stroke = 0.1F}), kInvalidArgument, "stroke widths");
  EXPECT_ERROR(make_digits({.min_contrast = 1.0F}), kInvalidArgument, "least contrast 1");
  EXPECT_ERROR(make_digits({.scale = 1.0F}), kInvalidArgument, "scale jitter");
  EXPECT_ERROR(make_digits({.max_clutter = -1}), kInvalidArgument, "clutter");
}

TEST(Synthetic, AnyShapeAndAllClasses) {
  const auto dataset = make_synthetic({.image_shape = {5, 3, 7}, .num_classes = 4, .size = 200, .seed = 9});
  std::vector<int64_t> labels, again;
  const auto pixels = load_all(*dataset, labels);
  EXPECT_EQ(
      load_all(*make_synthetic({.image_shape = {5, 3, 7}, .num_classes = 4, .size = 200, .seed = 9}), again),
      pixels);
  EXPECT_EQ(again, labels);
  for (int64_t label = 0; label < 4; ++label) EXPECT_GT(std::count(labels.begin(), labels.end(), label), 20);
  for (const float value : pixels) ASSERT_TRUE(value >= 0 && value < 1);
  EXPECT_FALSE(std::equal(pixels.begin(), pixels.begin() + 105, pixels.begin() + 105));
  EXPECT_ERROR(make_synthetic({.size = 0}), kInvalidArgument, "needs images and classes");
  EXPECT_ERROR(make_synthetic({.num_classes = 0}), kInvalidArgument, "needs images and classes");
}

}  // namespace
}  // namespace twofour::data
