// Assembly: a graph whose nodes have tactics and formats -> a Plan and its sections.
#pragma once

#include <map>
#include <unordered_map>
#include <vector>

#include "builder/select.h"

namespace twofour::builder {

/// How one node will run.
struct Assignment {
  const backend::Tactic* tactic;
  backend::NodeDesc desc;
};
using Assignments = std::unordered_map<const Node*, Assignment>;

struct Assembly {
  engine::Plan plan;
  std::vector<Tensor> sections;
};

/// Whether `output`'s producer can write straight into the buffer of `input`: it reads the input in place and
/// nobody reads the input afterwards.
bool can_donate(const Graph& graph, const Value* output, const Value* input, const Assignments& assignments);

/// `donations`: output value -> input value; can_donate() holds for each. Packs the weights.
Assembly assemble(const Graph& graph, const Assignments& assignments,
                  const std::map<const Value*, const Value*>& donations);

}  // namespace twofour::builder
