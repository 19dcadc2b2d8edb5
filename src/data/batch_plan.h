// Which images stand in which batch: a function of (size, options, seed, epoch) and of nothing else.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace twofour::data {

/// Order of the images in one epoch: a seeded permutation of [0, size), or the identity.
std::vector<int64_t> epoch_order(int64_t size, bool shuffle, uint64_t seed, int64_t epoch);

/// The orders of the epochs that are being read; prefetching across the end of an epoch needs two.
class EpochOrders {
 public:
  EpochOrders(int64_t size, bool shuffle, uint64_t seed) : size_(size), shuffle_(shuffle), seed_(seed) {}
  /// Thread-safe.
  std::shared_ptr<const std::vector<int64_t>> get(int64_t epoch);

 private:
  struct Entry {
    int64_t epoch;
    std::shared_ptr<const std::vector<int64_t>> order;
  };
  const int64_t size_;
  const bool shuffle_;
  const uint64_t seed_;
  std::mutex mutex_;
  std::vector<Entry> recent_;
};

}  // namespace twofour::data
