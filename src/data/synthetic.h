// Random images and labels for benchmarks: an image costs one copy.
#pragma once

#include <memory>

#include "data/dataset.h"

namespace twofour::data {

struct SyntheticOptions {
  Shape image_shape{3, 224, 224};
  int64_t num_classes = 1000;
  int64_t size = 50'000;
  uint64_t seed = 1;
};

/// Image i is a window, chosen by i, into one buffer of uniform values in [0, 1); its label is uniform too.
std::unique_ptr<Dataset> make_synthetic(const SyntheticOptions& options);

}  // namespace twofour::data
