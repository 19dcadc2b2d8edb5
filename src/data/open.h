// Opens whatever data a path or word names, so that a command needs one --data option.
#pragma once

#include <memory>
#include <string_view>

#include "data/dataset.h"
#include "twofour/data.h"

namespace twofour::data {

struct OpenOptions {
  Split split = Split::kTrain;
  /// C, H, W the network takes; images of another size or number of channels are fitted. Rank 0: as they are.
  Shape image_shape;
  int64_t size = 0;         // digits, synthetic: number of images; 0 takes the generator's own
  int64_t num_classes = 0;  // synthetic; 0 takes the generator's own
  uint64_t seed = 1;        // digits, synthetic; the two splits never share an image
  int64_t resize = 0;       // the shorter side before the centre crop to image_shape; 0: just covers it
  std::vector<std::string> class_names;           // ImageFolder: labels are places in this list
  bool own_classes = false;                       // ImageFolder: unless it lacks one of the folders
  int64_t memory_limit_bytes = int64_t{1} << 30;  // ImageFolder
  ProgressFn progress;                            // ImageFolder
};

/// `spec` is `digits`, `synthetic` or a folder; a folder is told by its content, in this order:
///   train-images-idx3-ubyte[.gz] and its labels (t10k-* for the test split)    idx (MNIST)
///   data_batch_*.bin (test_batch.bin)                                          CIFAR-10 binary
///   train/<class>/ (test/, val/ or validation/) with images                    ImageFolder
///   <class>/ with images for kTrain and kTestOrAll                             ImageFolder
/// Throws Error{kNotFound} that lists what was looked for.
std::unique_ptr<Dataset> open_dataset(std::string_view spec, const OpenOptions& options = {});

/// Whether open_dataset() would find data for kTest.
bool has_test_split(std::string_view spec);

}  // namespace twofour::data
