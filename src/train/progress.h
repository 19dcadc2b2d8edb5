// Where a training run stands and what it has seen: what callbacks get, reports draw and checkpoints keep.
#pragma once

#include <vector>

#include "base/json.h"

namespace twofour::train {

/// Sums over the steps of the epoch in work.
struct EpochTotals {
  double loss_sum = 0;  // of steps whose loss was finite, which `loss_steps` counts
  int64_t loss_steps = 0;
  int64_t correct = 0;
  int64_t images = 0;
  int64_t skipped_steps = 0;
  double time_s = 0;

  double loss() const { return loss_steps ? loss_sum / static_cast<double>(loss_steps) : 0; }
  double accuracy() const { return images ? static_cast<double>(correct) / static_cast<double>(images) : 0; }
  double images_per_s() const { return time_s > 0 ? static_cast<double>(images) / time_s : 0; }
};

/// One finished epoch. Loss and accuracy are means over its training batches, taken while it learned.
struct EpochRecord {
  int64_t epoch = 0;
  double loss = 0;
  double accuracy = 0;
  double lr = 0;          // of its last step
  double loss_scale = 0;  // at its end; 0 without scaling
  double images_per_s = 0;
  int64_t skipped_steps = 0;
};

struct TrainPosition {
  int64_t step = 0;   // steps done, skipped ones included
  int64_t epoch = 0;  // of the next batch
  int64_t batch = 0;  // of the next batch; may be the number of batches
  int64_t skips_in_a_row = 0;
  EpochTotals totals;
  std::vector<EpochRecord> history;
};

Json to_json(const EpochRecord& record);
Json to_json(const TrainPosition& position);
/// Throws Error{kDataCorrupt} on anything to_json would not write.
TrainPosition position_from_json(const Json& json);

}  // namespace twofour::train
