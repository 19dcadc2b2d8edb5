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
  amp::Report paint;                // empty in fp32
  size_t activation_bytes_f32 = 0;  // of activations and gradients of one step
  size_t activation_bytes = 0;      // in the precision of the run
};

/// `model`: the one the run started from.
TrainReport make_train_report(const Model& model, const DataLoader& data, const Trainer& trainer);
std::string memory_line(const TrainReport& report);
/// model.onnx, history.json and report.html.
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
