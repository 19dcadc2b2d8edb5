// What the demo finds out, and how it is shown.
#pragma once

#include <string>
#include <vector>

#include "cli/table.h"
#include "twofour/build_report.h"
#include "twofour/train.h"

namespace twofour::cli {

/// Dense against sparse engine at one batch size, run in turn.
struct BatchResult {
  int64_t batch = 0;
  double dense_ms = 0;  // medians
  double sparse_ms = 0;
  double speedup = 0;  // median of the ratios of the same round
  BuildReport build;   // of the sparse engine
};

struct DemoResult {
  double dense = 0, pruned = 0, retrained = 0;  // accuracy, fractions
  int64_t violations = 0;     // blocks of four with more than two non-zeros in pruned layers
  int64_t sparse_layers = 0;  // layers whose weights are 2:4
  int64_t weight_layers = 0;
  StepMemory memory_f32, memory_mixed;  // of a training step
  std::vector<EpochRecord> dense_epochs, retrain_epochs;
  std::vector<BatchResult> batches;
  double total_s = 0;
};

/// What must hold for the road to have worked; empty when it does.
std::vector<std::string> demo_failures(const DemoResult& result);
Table accuracy_table(const DemoResult& result);
Table engine_table(const DemoResult& result);
std::string demo_json(const DemoResult& result);
std::string demo_html(const DemoResult& result);

}  // namespace twofour::cli
