#include "builder/min_cut.h"

#include <algorithm>
#include <limits>
#include <queue>

namespace twofour::builder {
namespace {
// Below this, in the unit of the capacities, an edge counts as saturated.
constexpr double kEpsilon = 1e-6;
}  // namespace

void MinCut::add_edge(size_t u, size_t v, double capacity, double reverse) {
  edges_.push_back({v, first_[u], capacity});
  first_[u] = edges_.size() - 1;
  edges_.push_back({u, first_[v], reverse});
  first_[v] = edges_.size() - 1;
}

bool MinCut::build_levels(size_t source, size_t sink) {
  std::ranges::fill(level_, -1);
  level_[source] = 0;
  std::queue<size_t> queue({source});
  while (!queue.empty()) {
    const size_t u = queue.front();
    queue.pop();
    for (size_t e = first_[u]; e != kNone; e = edges_[e].next)
      if (edges_[e].residual > kEpsilon && level_[edges_[e].to] < 0) {
        level_[edges_[e].to] = level_[u] + 1;
        queue.push(edges_[e].to);
      }
  }
  return level_[sink] >= 0;
}

double MinCut::push(size_t node, size_t sink, double limit) {
  if (node == sink) return limit;
  for (size_t& e = next_[node]; e != kNone; e = edges_[e].next) {
    Edge& edge = edges_[e];
    if (edge.residual <= kEpsilon || level_[edge.to] != level_[node] + 1) continue;
    const double pushed = push(edge.to, sink, std::min(limit, edge.residual));
    if (pushed <= 0) continue;
    edge.residual -= pushed;
    edges_[e ^ 1].residual += pushed;
    return pushed;
  }
  return 0;
}

std::vector<bool> MinCut::source_side(size_t source, size_t sink) {
  while (build_levels(source, sink)) {
    next_ = first_;
    while (push(source, sink, std::numeric_limits<double>::infinity()) > 0) {
    }
  }
  std::vector<bool> side(level_.size());
  for (size_t i = 0; i < side.size(); ++i) side[i] = level_[i] >= 0;
  return side;
}

}  // namespace twofour::builder
