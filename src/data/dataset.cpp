#include "data/dataset.h"

#include "base/error.h"
#include "data/image.h"

namespace twofour::data {

Dataset::Dataset(Shape image_shape, std::vector<std::string> class_names, int64_t size, int64_t resize)
    : size_(size),
      image_shape_(std::move(image_shape)),
      class_names_(std::move(class_names)),
      resize_(resize) {
  TWOFOUR_CHECK(image_shape_.rank() == 3 && image_shape_[0] > 0 && image_shape_[1] > 0 && image_shape_[2] > 0,
                kInvalidArgument, "an image shape is C,H,W with positive sizes, got {}",
                image_shape_.to_string());
  check_resize(resize_, image_shape_[1], image_shape_[2]);
}

int64_t Dataset::load(int64_t index, std::span<float> dst_chw) const {
  TWOFOUR_CHECK(index >= 0 && index < size_, kInvalidArgument, "image {} of a dataset with {}", index, size_);
  TWOFOUR_CHECK(static_cast<int64_t>(dst_chw.size()) == image_shape_.numel(), kInvalidArgument,
                "an image of shape {} needs {} floats, got room for {}", image_shape_.to_string(),
                image_shape_.numel(), dst_chw.size());
  return do_load(index, dst_chw);
}

std::vector<std::string> numbered_classes(int64_t count) {
  std::vector<std::string> names;
  for (int64_t i = 0; i < count; ++i) names.push_back(std::to_string(i));
  return names;
}

bool are_numbered(const std::vector<std::string>& class_names) {
  return class_names == numbered_classes(static_cast<int64_t>(class_names.size()));
}

}  // namespace twofour::data
