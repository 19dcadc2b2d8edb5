// A dataset that can be learned in seconds: the class is where the bright quarter of a noisy image lies.
#pragma once

#include "base/rng.h"
#include "data/loader.h"

namespace twofour::train {

class Blobs final : public data::Dataset {
 public:
  Blobs(int64_t side, int64_t size, uint64_t seed)
      : Dataset({1, side, side}, data::numbered_classes(4), size), side_(side), seed_(seed) {}

 private:
  int64_t do_load(int64_t index, std::span<float> dst) const override {
    Rng rng = Rng::stream(seed_, static_cast<uint64_t>(index));
    const int64_t label = static_cast<int64_t>(rng.below(4));
    for (int64_t y = 0; y < side_; ++y)
      for (int64_t x = 0; x < side_; ++x) {
        const bool bright = (2 * y / side_) * 2 + 2 * x / side_ == label;
        dst[static_cast<size_t>(y * side_ + x)] = 0.6F * rng.uniform() + (bright ? 0.4F : 0.0F);
      }
    return label;
  }

  int64_t side_;
  uint64_t seed_;
};

inline std::shared_ptr<data::Loader> blob_loader(int64_t side, int64_t size, int64_t batch_size,
                                                 uint64_t seed = 1, bool drop_last = true) {
  return std::make_shared<data::Loader>(
      std::make_shared<Blobs>(side, size, seed),
      data::LoaderOptions{
          .batch_size = batch_size, .drop_last = drop_last, .seed = seed, .mean = {0.4F}, .std = {0.3F}});
}

}  // namespace twofour::train
