#include "data/fit.h"

#include "base/error.h"
#include "data/image.h"

namespace twofour::data {
namespace {

/// Fits each image when it is loaded, so that a larger shape costs no memory.
class FittedDataset final : public Dataset {
 public:
  FittedDataset(std::unique_ptr<Dataset> source, const Shape& image_shape, int64_t resize)
      : Dataset(image_shape, source->class_names(), source->size(), resize), source_(std::move(source)) {
    TWOFOUR_CHECK(image_shape[0] == 1 || image_shape[0] == 3, kInvalidArgument,
                  "images are fitted to 1 (grey) or 3 (RGB) channels, {} were asked for", image_shape[0]);
    const int64_t channels = source_->image_shape()[0];
    TWOFOUR_CHECK(channels == 1 || channels == 3, kUnsupported,
                  "images of {} channels cannot be fitted to another shape, only grey and RGB can", channels);
  }
  std::vector<SkippedItem> skipped() const override { return source_->skipped(); }

 private:
  int64_t do_load(int64_t index, std::span<float> dst_chw) const override {
    const Shape& from = source_->image_shape();
    std::vector<float> planes(static_cast<size_t>(from.numel()));
    const int64_t label = source_->load(index, planes);
    if (label == kNoLabel) return label;
    const int64_t plane = from[1] * from[2];
    Image image(from[1], from[2], from[0]);
    for (int64_t c = 0; c < from[0]; ++c)
      for (int64_t i = 0; i < plane; ++i)
        image.pixels[i * from[0] + c] = static_cast<uint8_t>(planes[c * plane + i] * 255.0F + 0.5F);
    std::vector<uint8_t> fitted(dst_chw.size());
    to_planes(
        fit_image(convert_channels(image, image_shape()[0]), image_shape()[1], image_shape()[2], resize()),
        fitted);
    to_unit_floats(fitted, dst_chw);
    return label;
  }

  std::unique_ptr<Dataset> source_;
};

}  // namespace

std::unique_ptr<Dataset> fit_dataset(std::unique_ptr<Dataset> dataset, const Shape& image_shape,
                                     int64_t resize) {
  if (resize == 0 && dataset->image_shape() == image_shape) return dataset;
  return std::make_unique<FittedDataset>(std::move(dataset), image_shape, resize);
}

}  // namespace twofour::data
