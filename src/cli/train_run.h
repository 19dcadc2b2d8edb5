// One training run with its console output: what `train` and `demo` do.
#pragma once

#include <string>
#include <vector>

#include "twofour/train.h"

namespace twofour::cli {

struct EpochResult {
  EpochRecord train;
  double test_accuracy = -1;  // negative: not measured
};

struct TrainRun {
  std::string title;
  int64_t epochs = 1;
  /// Evaluated after every epoch when given.
  DataLoader* test = nullptr;
  /// Written after every epoch when given.
  std::string checkpoint;
};

/// Trains until trainer.epoch() == run.epochs, with a bar per epoch and one line after it.
std::vector<EpochResult> train_epochs(Trainer& trainer, const TrainRun& run);

std::string history_json(const std::vector<EpochResult>& results);

}  // namespace twofour::cli
