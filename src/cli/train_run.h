// One training run with its console output: what `train` and `demo` do.
#pragma once

#include <filesystem>
#include <string>

#include "twofour/train.h"

namespace twofour::cli {

struct TrainRun {
  std::string title;
  int64_t epochs = 1;
  /// Evaluated after every epoch when given.
  DataLoader* test = nullptr;
  /// Folder that gets a checkpoint and the model after every epoch, before that is evaluated; empty: none.
  std::filesystem::path output;
};

std::filesystem::path model_path(const std::filesystem::path& output);
std::filesystem::path checkpoint_path(const std::filesystem::path& output);

/// Trains until trainer.epoch() == run.epochs, with a bar per epoch and one line after it.
void train_epochs(Trainer& trainer, const TrainRun& run);

}  // namespace twofour::cli
