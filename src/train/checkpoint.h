// Checkpoints: everything a training run needs to go on bit for bit, in one safetensors file. Parameters and
// batch-norm statistics have the model's names, so that other tools can read them; beside them stand
// momentum/<name>, mask/<name>, loss_scale and loss_scale_tracker. Position with history, network, recipe,
// tactics and number of threads are text in its metadata.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "base/json.h"
#include "base/tensor.h"
#include "train/progress.h"

namespace twofour::train {

struct Checkpoint {
  std::map<std::string, Tensor> tensors;
  TrainPosition position;
  std::string network;  // hash of what the step's values belong to
  Json recipe;          // train/recipe.h
  std::string tactics;  // of the step's engine: the text of a tactics file
  int threads = 0;
};

/// Atomic: the whole file or the old state. Throws Error{kIo}.
void save_checkpoint(const std::filesystem::path& path, const Checkpoint& checkpoint);

/// Throws as read_safetensors does, and Error{kDataCorrupt} naming the file when it is no checkpoint of this
/// format version.
Checkpoint load_checkpoint(const std::filesystem::path& path);

/// Throws Error{kInvalidArgument} naming `source` and the tensor unless `tensors` has exactly the names,
/// dtypes and shapes of `expected`.
void check_tensors(const std::map<std::string, Tensor>& tensors,
                   const std::map<std::string, Tensor>& expected, std::string_view source);

}  // namespace twofour::train
