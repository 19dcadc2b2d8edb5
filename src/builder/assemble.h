// Assembly: a graph whose nodes have tactics and formats -> a Plan and its sections.
#pragma once

#include <map>
#include <memory>
#include <unordered_map>
#include <vector>

#include "builder/select.h"

namespace twofour::builder {

/// How one node will run.
struct Assignment {
  const backend::Tactic* tactic = nullptr;  // null: an open step, decided when it runs
  backend::NodeDesc desc = {};              // of a step that is not open
  std::map<std::string, std::shared_ptr<const engine::Plan>> bodies = {};  // of control flow, by attribute
};
using Assignments = std::unordered_map<const Node*, Assignment>;

/// Constants and packed weights of a plan and its subgraphs. Data that several of them share is kept once.
class Sections {
 public:
  /// `keep_plain`: constants that tactics packed are kept as they were, too, so that the plan can be built
  /// again for other sizes.
  /// `store`: of plans for other sizes, or null.
  explicit Sections(bool keep_plain, std::shared_ptr<backend::PackedStore> store)
      : keep_plain_(keep_plain), store_(std::move(store)) {}

  bool keeps_plain() const { return keep_plain_; }
  int add(Tensor tensor);
  /// The sections of what the tactic packs.
  std::vector<int> add_packed(const backend::Tactic& tactic, const backend::NodeDesc& node);
  std::span<const Tensor> all() const { return sections_; }
  std::vector<Tensor> take() { return std::move(sections_); }

 private:
  bool keep_plain_;
  std::shared_ptr<backend::PackedStore> store_;
  std::vector<Tensor> sections_;
  std::multimap<uint64_t, int> numbers_;  // by hash
};

/// Whether `output`'s producer can write straight into the buffer of `input`: it reads the input in place and
/// nobody reads the input afterwards.
bool can_donate(const Graph& graph, const Value* output, const Value* input, const Assignments& assignments);

/// Open inputs without a range may have any size. `donations`: output value -> input value; can_donate()
/// holds for each. Packs the weights.
engine::Plan assemble(const Graph& graph, const Assignments& assignments, const InputRanges& ranges,
                      const std::map<const Value*, const Value*>& donations, Sections& sections);

}  // namespace twofour::builder
