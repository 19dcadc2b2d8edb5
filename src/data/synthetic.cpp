#include "data/synthetic.h"

#include <algorithm>

#include "base/error.h"
#include "base/rng.h"

namespace twofour::data {
namespace {

constexpr uint64_t kWindows = 4096;

class SyntheticDataset final : public Dataset {
 public:
  explicit SyntheticDataset(const SyntheticOptions& options)
      : Dataset(options.image_shape, numbered_classes(options.num_classes), options.size),
        seed_(options.seed) {
    Rng rng(seed_);
    values_.resize(static_cast<size_t>(image_shape().numel()) + kWindows);
    for (float& value : values_) value = rng.uniform();
  }

 private:
  int64_t do_load(int64_t index, std::span<float> dst_chw) const override {
    Rng rng = Rng::stream(seed_, static_cast<uint64_t>(index));
    std::copy_n(values_.begin() + static_cast<int64_t>(rng.below(kWindows)), dst_chw.size(), dst_chw.begin());
    return static_cast<int64_t>(rng.below(static_cast<uint64_t>(num_classes())));
  }

  uint64_t seed_;
  std::vector<float> values_;
};

}  // namespace

std::unique_ptr<Dataset> make_synthetic(const SyntheticOptions& options) {
  TWOFOUR_CHECK(options.size > 0 && options.num_classes > 0, kInvalidArgument,
                "synthetic data needs images and classes, got {} and {}", options.size, options.num_classes);
  return std::make_unique<SyntheticDataset>(options);
}

}  // namespace twofour::data
