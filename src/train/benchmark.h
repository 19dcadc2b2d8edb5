// Benchmark mode: train for a number of steps or epochs and report throughput, in the lines of NVIDIA's
// nvidia-examples/cnn/resnet.py:
//   global_step: 10 images_per_sec: 102.1
//   epoch: 0 time_taken: 12.3
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "train/trainer.h"
#include "twofour/train_options.h"

namespace twofour::train {

/// "epoch", "batch".
std::optional<IterUnit> iter_unit_from_name(std::string_view name);

/// Receives each line, without a newline.
using LineCallback = std::function<void(std::string_view line)>;

/// images_per_sec is the mean since the line before.
BenchmarkResult run_benchmark(Trainer& trainer, const BenchmarkOptions& options, const LineCallback& line);

/// Random images for when there is no data: `batches` per epoch.
std::shared_ptr<data::Loader> make_synthetic_loader(const Shape& image_shape, int64_t num_classes,
                                                    int64_t batch_size, int64_t batches, uint64_t seed);

}  // namespace twofour::train
