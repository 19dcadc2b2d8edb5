#include "data/memory_dataset.h"

#include "base/error.h"
#include "data/image.h"

namespace twofour::data {

MemoryDataset::MemoryDataset(Shape image_shape, std::vector<std::string> class_names,
                             std::vector<uint8_t> pixels, std::vector<int64_t> labels,
                             std::vector<SkippedItem> skipped, int64_t resize)
    : Dataset(std::move(image_shape), std::move(class_names), static_cast<int64_t>(labels.size()), resize),
      pixels_(std::move(pixels)),
      labels_(std::move(labels)),
      skipped_(std::move(skipped)) {
  TWOFOUR_ASSERT(pixels_.size() == labels_.size() * static_cast<size_t>(this->image_shape().numel()));
  for (const int64_t label : labels_) TWOFOUR_ASSERT(label >= 0 && label < num_classes(), "label {}", label);
}

int64_t MemoryDataset::do_load(int64_t index, std::span<float> dst_chw) const {
  const auto first = static_cast<size_t>(index) * dst_chw.size();
  to_unit_floats(std::span(pixels_).subspan(first, dst_chw.size()), dst_chw);
  return labels_[static_cast<size_t>(index)];
}

}  // namespace twofour::data
