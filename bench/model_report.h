// The table of bench_models: one row per network, batch size and number of threads.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "cli/table.h"

namespace twofour {

/// How another program did; `error`: why it did not.
struct PeerResult {
  std::string name, error;
  double ms = 0, ratio = 0, low = 0, high = 0;  // its time / ours, with quartiles
};

struct ModelRow {
  std::string model;
  int64_t batch = 1;
  int threads = 1;
  double ms = 0, busy = 0;
  size_t rounds = 0;
  std::vector<PeerResult> peers;
  std::optional<double> difference;  // from ONNX Runtime's outputs
  /// The peer with the least time; null when none ran.
  const PeerResult* best() const;
};

class ModelReport {
 public:
  /// `peers`: what their columns are called.
  explicit ModelReport(const std::vector<std::string>& peers);

  void add(const ModelRow& row);
  void note(std::string text) { notes_.push_back(std::move(text)); }
  std::string text() const;
  Json json() const;

 private:
  double geometric_mean() const;

  cli::Table table_;
  Json rows_ = Json::array();
  std::vector<std::string> notes_;
  std::vector<double> logs_;  // of the ratios
};

}  // namespace twofour
