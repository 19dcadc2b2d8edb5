// Where a training run stands and what it has seen: what callbacks get, reports draw and checkpoints keep.
#pragma once

#include <vector>

#include "base/json_fwd.h"
#include "twofour/train_options.h"

namespace twofour::train {

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
