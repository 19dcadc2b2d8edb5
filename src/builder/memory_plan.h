// Arena planning: where each activation lives, so that buffers whose lifetimes do not meet share memory.
#pragma once

#include <cstddef>
#include <vector>

namespace twofour::builder {

/// Alive from step `first` (written) to step `last` (read for the last time), both inclusive.
struct Lifetime {
  size_t size_bytes;
  size_t first;
  size_t last;
};

struct MemoryPlan {
  std::vector<size_t> offsets;  // by buffer, multiples of 64
  size_t arena_bytes = 0;
  size_t lower_bound_bytes = 0;  // the most bytes alive in one step
};

/// Greedy by size (Pisarchyk and Lee, "Efficient Memory Management for Deep Neural Net Inference", 2020):
/// largest buffer first, each at the lowest offset that is free over its lifetime.
MemoryPlan plan_memory(const std::vector<Lifetime>& buffers);

}  // namespace twofour::builder
