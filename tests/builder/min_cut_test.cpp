#include "builder/min_cut.h"

#include <gtest/gtest.h>

#include <limits>

#include "base/rng.h"

namespace twofour::builder {
namespace {

struct Edge {
  size_t u, v;
  double capacity, reverse;
};

double cut_value(const std::vector<Edge>& edges, const std::vector<bool>& source_side) {
  double value = 0;
  for (const Edge& e : edges) {
    if (source_side[e.u] && !source_side[e.v]) value += e.capacity;
    if (source_side[e.v] && !source_side[e.u]) value += e.reverse;
  }
  return value;
}

TEST(MinCut, AgreesWithExhaustiveSearch) {
  Rng rng(11);
  for (int round = 0; round < 200; ++round) {
    const size_t n = 2 + rng.below(8);
    std::vector<Edge> edges;
    for (size_t i = 0; i < 3 * n; ++i) {
      const size_t u = rng.below(n);
      const size_t v = rng.below(n);
      if (u != v) edges.push_back({u, v, rng.uniform(0, 10), rng.uniform(0, 3)});
    }
    MinCut cut(n);
    for (const Edge& e : edges) cut.add_edge(e.u, e.v, e.capacity, e.reverse);
    const std::vector<bool> side = cut.source_side(0, 1);
    EXPECT_TRUE(side[0]);
    EXPECT_FALSE(side[1]);
    double best = std::numeric_limits<double>::infinity();
    for (size_t bits = 0; bits < size_t{1} << (n - 2); ++bits) {
      std::vector<bool> other(n);
      other[0] = true;
      for (size_t i = 2; i < n; ++i) other[i] = bits >> (i - 2) & 1;
      best = std::min(best, cut_value(edges, other));
    }
    EXPECT_NEAR(cut_value(edges, side), best, 1e-4);
  }
}

}  // namespace
}  // namespace twofour::builder
