// Images held in memory as 8-bit C,H,W: what the idx, CIFAR and small ImageFolder readers produce.
#pragma once

#include "data/dataset.h"

namespace twofour::data {

class MemoryDataset final : public Dataset {
 public:
  /// `pixels` holds labels.size() images of `image_shape`; every label lies in [0, class_names.size()).
  MemoryDataset(Shape image_shape, std::vector<std::string> class_names, std::vector<uint8_t> pixels,
                std::vector<int64_t> labels, std::vector<SkippedItem> skipped = {}, int64_t resize = 0);
  std::vector<SkippedItem> skipped() const override { return skipped_; }

 private:
  int64_t do_load(int64_t index, std::span<float> dst_chw) const override;

  std::vector<uint8_t> pixels_;
  std::vector<int64_t> labels_;
  std::vector<SkippedItem> skipped_;
};

}  // namespace twofour::data
