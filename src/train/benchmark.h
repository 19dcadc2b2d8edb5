// Benchmark mode: train for a number of steps or epochs and report throughput, in the lines of NVIDIA's
// nvidia-examples/cnn/resnet.py:
//   global_step: 10 images_per_sec: 102.1
//   epoch: 0 time_taken: 12.3
#pragma once

#include <functional>
#include <string_view>

#include "train/trainer.h"
#include "twofour/train_options.h"

namespace twofour::train {

/// Receives each line, without a newline.
using LineCallback = std::function<void(std::string_view line)>;

/// images_per_sec is the mean since the line before.
BenchmarkResult run_benchmark(Trainer& trainer, const BenchmarkOptions& options, const LineCallback& line);

}  // namespace twofour::train
