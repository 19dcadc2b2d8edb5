#include "builder/memory_plan.h"

#include <algorithm>
#include <numeric>

#include "base/align.h"

namespace twofour::builder {
namespace {

size_t padded(size_t bytes) { return round_up(bytes, 64); }

bool meet(const Lifetime& a, const Lifetime& b) { return a.first <= b.last && b.first <= a.last; }

size_t lower_bound(const std::vector<Lifetime>& buffers) {
  size_t steps = 0;
  for (const Lifetime& b : buffers) steps = std::max(steps, b.last + 1);
  std::vector<size_t> alive(steps, 0);
  for (const Lifetime& b : buffers)
    for (size_t s = b.first; s <= b.last; ++s) alive[s] += padded(b.size_bytes);
  return alive.empty() ? 0 : *std::ranges::max_element(alive);
}

}  // namespace

MemoryPlan plan_memory(const std::vector<Lifetime>& buffers) {
  MemoryPlan plan;
  plan.offsets.resize(buffers.size());
  plan.lower_bound_bytes = lower_bound(buffers);
  std::vector<size_t> order(buffers.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::stable_sort(order,
                           [&](size_t a, size_t b) { return buffers[a].size_bytes > buffers[b].size_bytes; });
  std::vector<size_t> placed;  // sorted by offset
  for (const size_t i : order) {
    size_t offset = 0;
    for (const size_t j : placed) {
      if (!meet(buffers[i], buffers[j])) continue;
      if (offset + padded(buffers[i].size_bytes) <= plan.offsets[j]) break;
      offset = std::max(offset, plan.offsets[j] + padded(buffers[j].size_bytes));
    }
    plan.offsets[i] = offset;
    plan.arena_bytes = std::max(plan.arena_bytes, offset + padded(buffers[i].size_bytes));
    placed.insert(std::ranges::upper_bound(placed, offset, {}, [&](size_t j) { return plan.offsets[j]; }), i);
  }
  return plan;
}

}  // namespace twofour::builder
