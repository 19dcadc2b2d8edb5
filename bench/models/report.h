// The table of bench_models: one row per network, precision, batch size, number of threads and kind of our
// weights.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "cli/table.h"
#include "precision.h"

namespace twofour::bench {

/// How another program did; `error`: why it did not.
struct PeerResult {
  std::string name, error;
  double ms = 0;
  double ratio = 0, low = 0, high = 0;  // its time / ours, with quartiles; 0 where ours did not run
};

struct ModelRow {
  std::string model;
  Precision precision = Precision::kF32;
  bool sparse = false;  // our weights are 2:4, those of the peers dense
  int64_t batch = 1;
  int threads = 1;
  std::optional<double> ms;  // of ours; nothing where it does not run at that precision
  double busy = 0;
  size_t rounds = 0;
  std::vector<PeerResult> peers;
  std::optional<double> difference;  // from ONNX Runtime's outputs
  /// The peer with the least time of those that ran; null when none did, or ours did not.
  const PeerResult* best() const;
};

/// {f32,bf16,int8}_{dense,sparse}_geomean: of the rows that have a best peer; null where there are none.
Json summary_of(const std::vector<ModelRow>& rows);

class ModelReport {
 public:
  /// `peers`: what their columns are called.
  explicit ModelReport(std::vector<std::string> peers) : peers_(std::move(peers)) {}

  void add(ModelRow row);
  /// Each text stands there once.
  void note(const std::string& text);
  std::string text() const;
  Json json() const;

 private:
  std::vector<std::string> cells_of(const ModelRow& row) const;

  std::vector<std::string> peers_, notes_;
  std::vector<ModelRow> rows_;
};

}  // namespace twofour::bench
