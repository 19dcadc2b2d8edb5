// Minimum s-t cut (Dinic's algorithm, 1970) on small graphs with real capacities.
#pragma once

#include <cstddef>
#include <vector>

namespace twofour::builder {

class MinCut {
 public:
  explicit MinCut(size_t num_nodes) : first_(num_nodes, kNone), level_(num_nodes), next_(num_nodes) {}

  /// Capacity of cutting u from v; the reverse direction costs `reverse`.
  void add_edge(size_t u, size_t v, double capacity, double reverse = 0);
  /// Runs the flow; true for nodes on the source's side.
  std::vector<bool> source_side(size_t source, size_t sink);

 private:
  static constexpr size_t kNone = static_cast<size_t>(-1);
  struct Edge {
    size_t to;
    size_t next;
    double residual;
  };
  bool build_levels(size_t source, size_t sink);
  double push(size_t node, size_t sink, double limit);

  std::vector<Edge> edges_;  // an edge and its reverse are neighbours: i and i ^ 1
  std::vector<size_t> first_;
  std::vector<int> level_;
  std::vector<size_t> next_;
};

}  // namespace twofour::builder
