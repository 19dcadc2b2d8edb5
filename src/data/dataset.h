// Dataset: labelled images of one shape. load() may be called from many threads at once and gives the same
// pixels for the same index every time, so that order and threads never change what a training run sees.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/shape.h"

namespace twofour::data {

/// Items done of all items; called on the thread that opens the dataset.
using ProgressFn = std::function<void(int64_t done, int64_t total)>;

/// The label of an image that does not decode.
constexpr int64_t kNoLabel = -1;

/// An item that was left out, and why.
struct SkippedItem {
  std::string path;
  std::string reason;
};

class Dataset {
 public:
  virtual ~Dataset() = default;
  Dataset(const Dataset&) = delete;
  Dataset& operator=(const Dataset&) = delete;

  int64_t size() const { return size_; }
  int64_t num_classes() const { return static_cast<int64_t>(class_names_.size()); }
  const std::vector<std::string>& class_names() const { return class_names_; }
  /// C, H, W of every image.
  const Shape& image_shape() const { return image_shape_; }

  /// The shorter side of the images before they were cropped to image_shape(); 0: they just cover it.
  int64_t resize() const { return resize_; }

  /// Writes image `index` as C,H,W in [0, 1] (RGB, or grey when C is 1) and returns its label, in
  /// [0, num_classes()), or kNoLabel when the image does not decode: then it is in skipped(), and dst_chw is
  /// arbitrary. `dst_chw` has C*H*W elements. Throws Error{kInvalidArgument} on a bad index or size.
  int64_t load(int64_t index, std::span<float> dst_chw) const;

  /// What was left out so far, in the order of the files.
  virtual std::vector<SkippedItem> skipped() const { return {}; }

 protected:
  /// Throws Error{kInvalidArgument} on sizes that are not positive, and as check_resize() does.
  Dataset(Shape image_shape, std::vector<std::string> class_names, int64_t size = 0, int64_t resize = 0);
  virtual int64_t do_load(int64_t index, std::span<float> dst_chw) const = 0;

  int64_t size_ = 0;

 private:
  Shape image_shape_;
  std::vector<std::string> class_names_;
  int64_t resize_;
};

/// "0", "1", ... for data whose classes have no names.
std::vector<std::string> numbered_classes(int64_t count);
bool are_numbered(const std::vector<std::string>& class_names);

}  // namespace twofour::data
