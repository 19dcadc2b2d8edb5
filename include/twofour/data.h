// Data for training and evaluation: labelled images from folders, idx files, CIFAR batches or generators.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "twofour/shape.h"

namespace twofour {

namespace data {
class Loader;  // internal
}

/// Which part of the data. A folder of classes without train/ and test/ is one part, for training. Training
/// drops the rest that fills no batch and puts another image in the place of one that does not decode.
enum class Split : uint8_t {
  kTrain,
  kTest,
  kTestOrAll,  // to evaluate what a user names: the test split, or all of a folder of classes
};

struct DataOptions {
  /// A folder (ImageFolder, idx, CIFAR binary), or `digits` (drawn by twofour) or `synthetic`.
  std::string source;
  Split split = Split::kTrain;
  Shape image_shape;        // C,H,W that the model takes
  int64_t num_classes = 0;  // synthetic only
  int64_t size = 0;         // digits and synthetic: number of images; 0: the generator's own
  uint64_t seed = 1;
  int64_t batch_size = 128;
  bool shuffle = true;
  std::vector<float> mean;  // by channel, of values in [0, 1]
  std::vector<float> std;
  bool flip = false;         // random horizontal flips
  int64_t crop_padding = 0;  // random crops after padding; 4 for CIFAR
  /// The shorter side of an image before its centre is cropped to image_shape (torchvision's Resize and
  /// CenterCrop); 0: it just covers image_shape.
  int64_t resize = 0;
  /// Labels of a folder of classes are places in this list, Model::class_names() for one; empty: in the
  /// sorted names of its folders. To train, a folder with other classes takes its own names, with a log line;
  /// else it is an error.
  std::vector<std::string> class_names;
  std::function<void(int64_t done, int64_t total)> progress;  // while images are decoded at opening
};

/// Whether Split::kTest would find data; false when `source` is nothing that can be opened.
bool has_test_split(std::string_view source);

/// A stream of batches in an order that depends only on the options. Throws Error{kNotFound} naming the
/// folder and what was looked for.
class DataLoader {
 public:
  explicit DataLoader(const DataOptions& options);

  const std::string& source() const { return source_; }
  int64_t size() const;
  int64_t num_classes() const;
  /// C,H,W.
  const Shape& image_shape() const;
  /// By label. Folder names for ImageFolder, "0", "1", ... for data without names.
  const std::vector<std::string>& class_names() const;
  int64_t batch_size() const { return batch_size_; }
  int64_t batches_per_epoch() const;
  /// Images that did not decode, with the reason: they are left out. A set that is too large for memory is
  /// decoded while it is read, and the list grows until then.
  std::vector<std::string> skipped() const;

  data::Loader& loader() { return *loader_; }
  const std::shared_ptr<data::Loader>& shared_loader() { return loader_; }

 private:
  std::shared_ptr<data::Loader> loader_;
  std::string source_;
  int64_t batch_size_;
};

/// That a label means the same in both. Throws Error{kInvalidArgument} with both sources and the first class
/// that differs. Test data whose classes are only numbered may have fewer of them.
void check_same_classes(const DataLoader& train, const DataLoader& test);

}  // namespace twofour
