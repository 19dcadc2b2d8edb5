#include "ir/hash.h"

#include <unordered_map>

#include "base/hash.h"

namespace twofour {
namespace {

class Hasher {
 public:
  void add(uint64_t number) { state_ = hash_bytes(std::as_bytes(std::span(&number, 1)), state_); }
  void add(std::string_view text) {
    add(text.size());
    state_ = hash_text(text, state_);
  }
  template <typename T>
  void add_items(const std::vector<T>& items) {
    add(items.size());
    state_ = hash_bytes(std::as_bytes(std::span(items)), state_);
  }
  uint64_t result() const { return state_; }

 private:
  uint64_t state_ = 0x2f4;
};

struct AddAttr {
  Hasher& hasher;
  void operator()(int64_t v) const { hasher.add(static_cast<uint64_t>(v)); }
  void operator()(float v) const { hasher.add(std::bit_cast<uint32_t>(v)); }
  void operator()(const std::string& v) const { hasher.add(v); }
  void operator()(const std::vector<int64_t>& v) const { hasher.add_items(v); }
  void operator()(const std::vector<float>& v) const { hasher.add_items(v); }
  void operator()(const std::vector<std::string>& v) const {
    hasher.add(v.size());
    for (const std::string& text : v) hasher.add(text);
  }
  void operator()(const Tensor& v) const { hasher.add(hash_tensor(v)); }
  void operator()(const Subgraph& v) const;
};

void add_type(Hasher& hasher, const ValueType& type) {
  hasher.add(static_cast<uint64_t>(type.dtype));
  hasher.add(type.dims.size() + (type.known ? 0 : 1000));
  for (const Dim& dim : type.dims) {
    hasher.add(static_cast<uint64_t>(dim.value));
    hasher.add(dim.symbol);
  }
}

uint64_t hash_leaf(const Value& value) {
  Hasher hasher;
  add_type(hasher, value.type());
  if (value.is_constant()) hasher.add(hash_tensor(value.data()) + value.trainable());
  else hasher.add(value.name());
  return hasher.result();
}

class GraphHasher {
 public:
  /// The names of a subgraph's inputs and outputs do not count, only their places.
  uint64_t run_subgraph(const Graph& graph) {
    for (const Value* input : graph.inputs()) {
      Hasher place;
      place.add(values_.size());
      add_type(place, input->type());
      values_[input] = place.result();
    }
    Hasher hasher;
    add_nodes(hasher, graph);
    for (const Value* output : graph.outputs()) hasher.add(of(output));
    return hasher.result();
  }

  uint64_t run(const Graph& graph) {
    Hasher hasher;
    for (const Value* input : graph.inputs()) hasher.add(of(input));
    add_nodes(hasher, graph);
    for (const Value* output : graph.outputs()) {
      hasher.add(output->name());
      hasher.add(of(output));
    }
    return hasher.result();
  }

 private:
  void add_nodes(Hasher& hasher, const Graph& graph) {
    uint64_t nodes = 0;  // a sum: the order of the nodes does not count
    for (const auto& node : graph.nodes()) nodes += hash_node(*node);
    hasher.add(nodes);
  }

  uint64_t of(const Value* value) {
    if (!value) return 0;
    const auto [it, fresh] = values_.try_emplace(value, 0);
    if (fresh) it->second = hash_leaf(*value);
    return it->second;
  }

  uint64_t hash_node(const Node& node) {
    Hasher hasher;
    hasher.add(node.op());
    hasher.add(hash_attrs(node.attrs()));
    hasher.add(node.inputs().size());
    for (const Value* input : node.inputs()) hasher.add(of(input));
    for (const Value* output : node.outputs()) add_type(hasher, output->type());
    for (size_t i = 0; i < node.outputs().size(); ++i) {
      Hasher output = hasher;
      output.add(i);
      values_[node.output(i)] = output.result();
    }
    return hasher.result();
  }

  std::unordered_map<const Value*, uint64_t> values_;
};

void AddAttr::operator()(const Subgraph& v) const { hasher.add(GraphHasher().run_subgraph(*v)); }

}  // namespace

uint64_t hash_tensor(const Tensor& tensor) {
  Hasher hasher;
  hasher.add(static_cast<uint64_t>(tensor.dtype()));
  hasher.add_items(tensor.shape().dims());
  return hash_bytes(std::span(tensor.raw(), tensor.size_bytes()), hasher.result());
}

uint64_t hash_attrs(const Attrs& attrs) {
  Hasher hasher;
  for (const auto& [name, value] : attrs) {
    hasher.add(name);
    hasher.add(value.index());
    std::visit(AddAttr{hasher}, value);
  }
  return hasher.result();
}

uint64_t hash_graph(const Graph& graph) { return GraphHasher().run(graph); }

}  // namespace twofour
