#include "onnx/node_order.h"

#include <unordered_map>
#include <unordered_set>

#include "ir/graph.h"
#include "onnx/captures.h"
#include "onnx/proto.h"

namespace twofour::onnx_io {
namespace {

/// Names for nodes: the file's own first, so that a made-up name never takes one of them.
class NodeNames {
 public:
  explicit NodeNames(const onnx::GraphProto& graph) {
    for (const auto& node : graph.node()) taken_.insert(node.name());
  }

  std::string of(const onnx::NodeProto& node) {
    if (!node.name().empty() && given_.insert(node.name()).second) return node.name();
    const std::string& stem = node.name().empty() ? node.op_type() : node.name();
    for (size_t& count = next_[stem];;) {
      std::string name = fmt::format("{}_{}", stem, count++);
      if (taken_.insert(name).second) return name;
    }
  }

 private:
  std::unordered_set<std::string> taken_;
  std::unordered_set<std::string> given_;
  std::unordered_map<std::string, size_t> next_;
};

/// A graph of the same nodes and names without types, only to sort it.
class Skeleton {
 public:
  Skeleton(const onnx::GraphProto& proto, const std::vector<std::string>& outer) : proto_(proto) {
    add_leaves();
    add_nodes();
    for (const std::string& name : outer)
      if (!values_.contains(name)) values_[name] = graph_.add_input(name, {});
    connect();
    graph_.sort();
  }

  std::vector<OrderedNode> order() const {
    std::unordered_set<std::string> outputs;
    for (const auto& output : proto_.output()) outputs.insert(output.name());
    std::vector<OrderedNode> result;
    for (const auto& node : graph_.nodes()) {
      const int index = index_.at(node.get());
      const auto& names = proto_.node(index).output();
      size_t used = node->outputs().size();
      while (used > 0 && node->output(used - 1)->users().empty() &&
             !outputs.contains(names[static_cast<int>(used) - 1]))
        --used;
      result.push_back({index, node->name(), used});
    }
    return result;
  }

 private:
  void define(const std::string& name, Value* value, std::string_view what) {
    TWOFOUR_CHECK(values_.emplace(name, value).second, kDataCorrupt,
                  "{} \"{}\" has the name of another value", what, name);
  }

  void add_leaves() {
    for (const auto& tensor : proto_.initializer()) {
      TWOFOUR_CHECK(!tensor.name().empty(), kDataCorrupt, "an initializer has no name");
      define(tensor.name(), graph_.add_input(tensor.name(), {}), "initializer");
    }
    const auto initializers = values_;
    std::unordered_set<std::string> seen;
    for (const auto& input : proto_.input()) {
      TWOFOUR_CHECK(!input.name().empty(), kDataCorrupt, "a graph input has no name");
      TWOFOUR_CHECK(seen.insert(input.name()).second, kDataCorrupt, "graph input \"{}\" stands twice",
                    input.name());
      if (!initializers.contains(input.name()))
        define(input.name(), graph_.add_input(input.name(), {}), "graph input");
    }
  }

  void add_nodes() {
    NodeNames names(proto_);
    for (int i = 0; i < proto_.node_size(); ++i) {
      const auto& proto = proto_.node(i);
      Node* node =
          graph_.add_node(proto.op_type(), {}, static_cast<size_t>(proto.output_size()), {}, names.of(proto));
      nodes_.push_back(node);
      index_[node] = i;
      for (int k = 0; k < proto.output_size(); ++k)
        if (!proto.output(k).empty())
          define(proto.output(k), node->output(static_cast<size_t>(k)),
                 fmt::format("an output of {},", node->label()));
    }
  }

  void connect() {
    for (Node* node : nodes_) {
      const auto& proto = proto_.node(index_.at(node));
      size_t slot = 0;
      for (const std::string& name : proto.input())
        if (!name.empty()) read(node, slot++, name);
      for (const std::string& name : captured_names(proto)) read(node, slot++, name);
    }
  }

  void read(Node* node, size_t slot, const std::string& name) {
    const auto it = values_.find(name);
    TWOFOUR_CHECK(it != values_.end(), kDataCorrupt, "{} reads \"{}\", which nothing produces", node->label(),
                  name);
    graph_.set_input(node, slot, it->second);
  }

  const onnx::GraphProto& proto_;
  Graph graph_;
  std::unordered_map<std::string, Value*> values_;
  std::vector<Node*> nodes_;  // in the file's order
  std::unordered_map<const Node*, int> index_;
};

}  // namespace

std::vector<OrderedNode> order_nodes(const onnx::GraphProto& graph, const std::vector<std::string>& outer) {
  return Skeleton(graph, outer).order();
}

}  // namespace twofour::onnx_io
