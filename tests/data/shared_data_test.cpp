// MNIST as it is distributed; needs the shared data.
#include "support/shared_data.h"

#include <gtest/gtest.h>

#include <numeric>

#include "data/loader.h"
#include "data/open.h"

namespace twofour::data {
namespace {

TEST(SharedData, Mnist) {
  const auto folder = testing::shared_path("data/mnist");
  TWOFOUR_SKIP_WITHOUT(folder);
  const auto train = open_dataset(folder.string());
  const auto test = open_dataset(folder.string(), {.split = Split::kTest});
  EXPECT_EQ(train->size(), 60'000);
  EXPECT_EQ(test->size(), 10'000);
  EXPECT_EQ(train->image_shape(), (Shape{1, 28, 28}));
  std::vector<float> image(784);
  const int64_t first_labels[] = {5, 0, 4, 1, 9, 2, 1, 3, 1, 4};
  for (int64_t i = 0; i < 10; ++i) EXPECT_EQ(train->load(i, image), first_labels[i]);

  double sum = 0;
  for (int64_t i = 0; i < train->size(); ++i) {
    train->load(i, image);
    sum += std::accumulate(image.begin(), image.end(), 0.0);
  }
  EXPECT_NEAR(sum / (60'000 * 784.0), 0.1307, 1e-4);  // the published mean
}

}  // namespace
}  // namespace twofour::data
