// Data for training and evaluation: labelled images from folders, idx files, CIFAR batches or generators.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "twofour/shape.h"

namespace twofour {

namespace data {
class Loader;  // internal
}

struct DataOptions {
  /// A folder (ImageFolder, idx, CIFAR binary), or `digits` (drawn by twofour) or `synthetic`.
  std::string source;
  bool train_split = true;
  Shape image_shape;        // C,H,W that the model takes
  int64_t num_classes = 0;  // synthetic only
  int64_t size = 0;         // digits and synthetic: number of images; 0: the generator's own
  uint64_t seed = 1;
  int64_t batch_size = 128;
  bool shuffle = true;
  std::vector<float> mean;  // by channel, of values in [0, 1]
  std::vector<float> std;
  bool flip = false;                                          // random horizontal flips
  int64_t crop_padding = 0;                                   // random crops after padding; 4 for CIFAR
  std::function<void(int64_t done, int64_t total)> progress;  // while images are decoded at opening
};

/// A stream of batches in an order that depends only on the options. Throws Error{kNotFound} naming the
/// folder and what was looked for.
class DataLoader {
 public:
  explicit DataLoader(const DataOptions& options);

  int64_t size() const;
  int64_t num_classes() const;
  int64_t batch_size() const { return batch_size_; }
  int64_t batches_per_epoch() const;
  /// Images that did not decode, with the reason: they were left out.
  std::vector<std::string> skipped() const;

  data::Loader& loader() { return *loader_; }
  const std::shared_ptr<data::Loader>& shared_loader() { return loader_; }

 private:
  std::shared_ptr<data::Loader> loader_;
  int64_t batch_size_;
};

}  // namespace twofour
