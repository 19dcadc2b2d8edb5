// What the demo finds out, and how it is shown.
#pragma once

#include <string>
#include <vector>

#include "cli/table.h"
#include "twofour/build_report.h"
#include "twofour/train.h"

namespace twofour::cli {

/// Dense against sparse engine of one network at one batch size, run in turn.
struct EngineResult {
  std::string network;
  int64_t batch = 0;
  double dense_ms = 0;  // medians
  double sparse_ms = 0;
  double speedup = 1;  // median of the ratios of the same round; 1 where both are the dense engine
  BuildReport build;   // of the sparse engine
};

struct DemoResult {
  double dense = 0, pruned = 0, retrained = 0;  // accuracy, fractions
  int64_t violations = 0;     // blocks of four with more than two non-zeros in pruned layers
  int64_t sparse_layers = 0;  // layers whose weights are 2:4
  int64_t weight_layers = 0;
  StepMemory memory_f32, memory_mixed;  // of a training step
  std::vector<EpochRecord> dense_epochs, retrain_epochs;
  std::vector<EngineResult> engines;       // of the network that was trained
  std::vector<EngineResult> wide_engines;  // of one with layers as wide as real ones
  double total_s = 0;
};

/// What must hold for the road to have worked; empty when it does.
std::vector<std::string> demo_failures(const DemoResult& result);
Table accuracy_table(const DemoResult& result);
Table engine_table(const std::vector<EngineResult>& engines);
std::string demo_json(const DemoResult& result);
std::string demo_html(const DemoResult& result);

}  // namespace twofour::cli
