// The report of one training run, and the pieces that the demo's report shares.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "twofour/train.h"

namespace twofour::cli {

struct TrainReport {
  std::string model;
  nlohmann::ordered_json recipe;
  std::vector<EpochRecord> epochs;
  amp::Report paint;  // empty in fp32
  StepMemory memory_f32;
  StepMemory memory;  // in the precision of the run
};

/// `model`: the one the run started from.
TrainReport make_train_report(const Model& model, const DataLoader& data, const Trainer& trainer);
std::string memory_line(const StepMemory& f32, const StepMemory& mixed);
nlohmann::ordered_json memory_json(const StepMemory& f32, const StepMemory& mixed);
/// What a run leaves in its folder.
std::vector<std::filesystem::path> training_files(const std::filesystem::path& folder);
/// All of them but the checkpoint.
void save_training(const std::filesystem::path& folder, const Trainer& trainer, const TrainReport& report);

nlohmann::ordered_json epochs_json(const std::vector<EpochRecord>& epochs);

struct Curve {
  std::string name;
  const std::vector<EpochRecord>* epochs;
};
/// Loss and accuracy over epochs, one line per curve.
std::string loss_chart(const std::vector<Curve>& curves);
std::string accuracy_chart(const std::vector<Curve>& curves);

}  // namespace twofour::cli
