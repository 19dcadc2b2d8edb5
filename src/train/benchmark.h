// Benchmark mode: train for a number of steps or epochs and report throughput, in the lines of NVIDIA's
// nvidia-examples/cnn/resnet.py:
//   global_step: 10 images_per_sec: 102.1
//   epoch: 0 time_taken: 12.3
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "train/trainer.h"

namespace twofour::train {

enum class IterUnit : uint8_t { kEpoch, kBatch };
/// "epoch", "batch".
std::optional<IterUnit> iter_unit_from_name(std::string_view name);

struct BenchmarkOptions {
  int64_t num_iter = 20;
  IterUnit unit = IterUnit::kBatch;
  int64_t display_every = 10;  // steps
};
/// Receives each line, without a newline.
using LineCallback = std::function<void(std::string_view line)>;

struct BenchmarkResult {
  int64_t steps = 0;
  double time_s = 0;
  /// Without the first step, which pays for cold caches; of all steps when there is only one.
  double images_per_s = 0;
};

/// images_per_sec is the mean since the line before.
BenchmarkResult run_benchmark(Trainer& trainer, const BenchmarkOptions& options, const LineCallback& line);

/// Random images for when there is no data: `batches` per epoch.
std::shared_ptr<data::Loader> make_synthetic_loader(const Shape& image_shape, int64_t num_classes, int64_t batch_size,
                                                    int64_t batches, uint64_t seed);

}  // namespace twofour::train
