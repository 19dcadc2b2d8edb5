#include "ir/verify.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "ir/subgraphs.h"

namespace twofour {
namespace {

class Verifier {
 public:
  explicit Verifier(const Graph& graph) : graph_(graph) {}

  void run() {
    for (const auto& value : graph_.values()) check_value(*value);
    for (const Value* input : graph_.inputs()) check_input(input);
    for (const auto& node : graph_.nodes()) check_node(*node);
    for (const auto& value : graph_.values()) check_users(*value);
    for (const Value* output : graph_.outputs()) check_output(output);
  }

 private:
  void check_value(const Value& value) {
    TWOFOUR_CHECK(!value.name().empty(), kInternal, "a value has no name");
    TWOFOUR_CHECK(graph_.find_value(value.name()) == &value, kInternal, "two values are named \"{}\"",
                  value.name());
    own_.insert(&value);
    if (!value.is_constant()) {
      TWOFOUR_CHECK(!value.trainable(), kInternal, "value \"{}\" is trainable but has no data", value.name());
      return;
    }
    const ValueType type = type_of(value.data());
    TWOFOUR_CHECK(value.type() == type, kInternal, "constant \"{}\" is typed {} but holds {}", value.name(),
                  value.type().to_string(), type.to_string());
    TWOFOUR_CHECK(!value.producer(), kInternal, "constant \"{}\" is also computed by {}", value.name(),
                  value.producer()->label());
    ready_.insert(&value);
  }

  void check_input(const Value* input) {
    TWOFOUR_CHECK(own_.contains(input), kInternal, "a graph input is not a value of the graph");
    TWOFOUR_CHECK(!input->producer(), kInternal, "graph input \"{}\" is also computed by {}", input->name(),
                  input->producer()->label());
    TWOFOUR_CHECK(ready_.insert(input).second, kInternal, "graph input \"{}\" stands twice or is a constant",
                  input->name());
  }

  void check_node(const Node& node) {
    TWOFOUR_CHECK(!node.name().empty() && graph_.find_node(node.name()) == &node, kInternal,
                  "the name of {} is empty or not unique", node.label());
    TWOFOUR_CHECK(!node.outputs().empty(), kInternal, "{} has no outputs", node.label());
    for (const Value* input : node.inputs()) {
      if (!input) continue;
      TWOFOUR_CHECK(own_.contains(input), kInternal, "{} reads a value of another graph", node.label());
      TWOFOUR_CHECK(ready_.contains(input), kInternal, "{} reads \"{}\" before it is computed", node.label(),
                    input->name());
      ++uses_[input][&node];
    }
    for_each_subgraph(node.attrs(),
                      [](const std::string&, const Graph& subgraph) { Verifier(subgraph).run(); });
    for (const Value* output : node.outputs()) {
      TWOFOUR_CHECK(output && own_.contains(output) && output->producer() == &node, kInternal,
                    "an output of {} is not marked as computed by it", node.label());
      TWOFOUR_CHECK(ready_.insert(output).second, kInternal, "value \"{}\" is computed twice",
                    output->name());
    }
  }

  void check_users(const Value& value) {
    TWOFOUR_CHECK(ready_.contains(&value), kInternal,
                  "value \"{}\" is no input, no constant and not computed", value.name());
    std::unordered_map<const Node*, size_t> listed;
    for (const Node* user : value.users()) ++listed[user];
    TWOFOUR_CHECK(listed == uses_[&value], kInternal,
                  "the list of users of \"{}\" does not match the nodes that read it", value.name());
  }

  void check_output(const Value* output) {
    TWOFOUR_CHECK(output && own_.contains(output), kInternal, "a graph output is not a value of the graph");
  }

  const Graph& graph_;
  std::unordered_set<const Value*> own_;
  std::unordered_set<const Value*> ready_;  // inputs, constants and outputs of the nodes seen so far
  std::unordered_map<const Value*, std::unordered_map<const Node*, size_t>> uses_;
};

}  // namespace

void verify(const Graph& graph) {
  with_context([&] { return fmt::format("verifying graph \"{}\"", graph.name()); },
               [&] { Verifier(graph).run(); });
}

}  // namespace twofour
