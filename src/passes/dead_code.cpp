#include "passes/rewrites.h"

namespace twofour::passes {

size_t eliminate_dead_code(Graph& graph) {
  const size_t before = graph.nodes().size() + graph.values().size();
  graph.erase_dead();
  return before - graph.nodes().size() - graph.values().size();
}

}  // namespace twofour::passes
