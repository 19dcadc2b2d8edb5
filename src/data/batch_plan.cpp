#include "data/batch_plan.h"

#include <numeric>

#include "base/rng.h"

namespace twofour::data {

std::vector<int64_t> epoch_order(int64_t size, bool shuffle, uint64_t seed, int64_t epoch) {
  std::vector<int64_t> order(static_cast<size_t>(size));
  std::iota(order.begin(), order.end(), int64_t{0});
  if (shuffle) Rng::stream(seed, static_cast<uint64_t>(epoch)).shuffle(order);
  return order;
}

std::shared_ptr<const std::vector<int64_t>> EpochOrders::get(int64_t epoch) {
  const std::lock_guard lock(mutex_);
  for (const Entry& entry : recent_)
    if (entry.epoch == epoch) return entry.order;
  if (recent_.size() == 2) recent_.erase(recent_.begin());
  auto order = std::make_shared<const std::vector<int64_t>>(epoch_order(size_, shuffle_, seed_, epoch));
  recent_.push_back({epoch, order});
  return order;
}

}  // namespace twofour::data
