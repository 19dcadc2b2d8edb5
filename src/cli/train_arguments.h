// The command line of `twofour train`.
#pragma once

#include <string>
#include <vector>

#include "cli/data_arguments.h"
#include "twofour/train.h"

namespace twofour::cli {

struct TrainArguments {
  std::string onnx, zoo, output, test_data;
  std::vector<std::string> freeze, train;
  std::vector<int64_t> milestones;  // epochs
  DataArguments data;
  int64_t epochs = 1, crop_padding = 0, classes = 0;
  double warmup_epochs = 0;
  bool flip = false, resume = false, no_norm_decay = false, require_mixed = false;
  KeepSparsity sparse = KeepSparsity::kAuto;
  SgdOptions sgd{.lr = 0.01};
  TrainerOptions trainer;
  BenchmarkOptions benchmark;
  bool benchmark_mode = false;  // on the data, when there is any
  int threads = 0;

  /// Epochs become steps.
  TrainerOptions trainer_options(int64_t batches_per_epoch) const;
  SgdOptions sgd_options() const;
};

/// Throws Error{kInvalidArgument} naming an option that was given and has no effect.
void refuse_ignored(const CLI::App& train, const TrainArguments& arguments);

void add_train_arguments(CLI::App& train, TrainArguments& arguments);

}  // namespace twofour::cli
