#include "ir/graph.h"

#include <algorithm>
#include <set>
#include <unordered_map>

namespace twofour {
namespace {

template <typename Map>
std::string unique_name(const Map& taken, std::string wish, std::string_view fallback) {
  if (wish.empty()) wish = fallback;
  if (!taken.contains(wish)) return wish;
  for (size_t i = 1;; ++i) {
    std::string candidate = fmt::format("{}_{}", wish, i);
    if (!taken.contains(candidate)) return candidate;
  }
}

void remove_one(std::vector<Node*>& users, const Node* node) { users.erase(std::ranges::find(users, node)); }

template <typename List, typename Item>
void erase_item(List& list, const Item* item) {
  list.erase(std::ranges::find_if(list, [item](const auto& p) { return p.get() == item; }));
}

}  // namespace

Shape Value::shape() const {
  return with_context([&] { return fmt::format("reading the shape of value \"{}\"", name_); },
                      [&] { return type_.shape(); });
}

void Value::set_data(Tensor data) {
  type_ = type_of(data);
  data_ = std::move(data);
}

std::string Node::label() const { return fmt::format("node \"{}\" ({})", name_, op_); }

Graph::Graph() = default;
Graph::Graph(std::string name) : name_(std::move(name)) {}
Graph::Graph(Graph&&) noexcept = default;
Graph& Graph::operator=(Graph&&) noexcept = default;
Graph::~Graph() = default;

std::string Graph::unique_value_name(std::string wish) {
  return unique_name(values_by_name_, std::move(wish), "value");
}
std::string Graph::unique_node_name(std::string wish) {
  return unique_name(nodes_by_name_, std::move(wish), "node");
}

Value* Graph::new_value(std::string name, ValueType type) {
  auto value = std::make_unique<Value>();
  value->name_ = unique_value_name(std::move(name));
  value->type_ = std::move(type);
  values_by_name_[value->name_] = value.get();
  return values_.emplace_back(std::move(value)).get();
}

Value* Graph::add_input(std::string name, ValueType type) {
  return inputs_.emplace_back(new_value(std::move(name), std::move(type)));
}

Value* Graph::add_constant(std::string name, Tensor data) {
  Value* value = new_value(std::move(name), {});
  value->set_data(std::move(data));
  return value;
}

Node* Graph::add_node(std::string op, std::vector<Value*> inputs, size_t num_outputs, Attrs attrs,
                      std::string name, const Node* before) {
  auto owned = std::make_unique<Node>();
  Node* node = owned.get();
  node->name_ = unique_node_name(name.empty() ? op : std::move(name));
  node->op_ = std::move(op);
  node->inputs_ = std::move(inputs);
  node->attrs_ = std::move(attrs);
  for (Value* input : node->inputs_)
    if (input) input->users_.push_back(node);
  for (size_t i = 0; i < num_outputs; ++i) {
    Value* output = new_value(i == 0 ? node->name_ : fmt::format("{}.{}", node->name_, i), {});
    output->producer_ = node;
    node->outputs_.push_back(output);
  }
  nodes_by_name_[node->name_] = node;
  const auto where =
      before ? std::ranges::find_if(nodes_, [&](const auto& n) { return n.get() == before; }) : nodes_.end();
  nodes_.insert(where, std::move(owned));
  return node;
}

std::vector<Node*> Graph::node_list() const {
  std::vector<Node*> list;
  for (const auto& node : nodes_) list.push_back(node.get());
  return list;
}

Value* Graph::find_value(std::string_view name) const {
  const auto it = values_by_name_.find(name);
  return it == values_by_name_.end() ? nullptr : it->second;
}

Node* Graph::find_node(std::string_view name) const {
  const auto it = nodes_by_name_.find(name);
  return it == nodes_by_name_.end() ? nullptr : it->second;
}

bool Graph::is_output(const Value* value) const {
  return std::ranges::find(outputs_, value) != outputs_.end();
}

void Graph::rename(Value* value, std::string name) {
  if (value->name_ == name) return;
  values_by_name_.erase(value->name_);
  value->name_ = unique_value_name(std::move(name));
  values_by_name_[value->name_] = value;
}

void Graph::rename(Node* node, std::string name) {
  if (node->name_ == name) return;
  nodes_by_name_.erase(node->name_);
  node->name_ = unique_node_name(std::move(name));
  nodes_by_name_[node->name_] = node;
}

void Graph::set_input(Node* node, size_t index, Value* value) {
  if (node->inputs_.size() <= index) node->inputs_.resize(index + 1, nullptr);
  Value*& slot = node->inputs_[index];
  if (slot) remove_one(slot->users_, node);
  slot = value;
  if (value) value->users_.push_back(node);
}

void Graph::replace_all_uses(Value* from, Value* to) {
  for (Node* user : std::vector<Node*>(from->users_))
    for (size_t i = 0; i < user->inputs_.size(); ++i)
      if (user->inputs_[i] == from) set_input(user, i, to);
  std::ranges::replace(outputs_, from, to);
}

void Graph::erase(Node* node) {
  for (const Value* output : node->outputs_)
    TWOFOUR_ASSERT(output->users_.empty() && !is_output(output), "{} is still used", node->label());
  for (Value* input : node->inputs_)
    if (input) remove_one(input->users_, node);
  for (Value* output : node->outputs_) {
    values_by_name_.erase(output->name_);
    erase_item(values_, output);
  }
  nodes_by_name_.erase(node->name_);
  erase_item(nodes_, node);
}

void Graph::erase_dead() {
  std::vector<Node*> order = node_list();
  for (auto it = order.rbegin(); it != order.rend(); ++it)
    if (std::ranges::all_of((*it)->outputs_,
                            [&](const Value* v) { return v->users_.empty() && !is_output(v); }))
      erase(*it);
  values_.remove_if([&](const std::unique_ptr<Value>& value) {
    const bool dead = value->is_constant() && value->users_.empty() && !is_output(value.get());
    if (dead) values_by_name_.erase(value->name_);
    return dead;
  });
}

void Graph::sort() {
  // Kahn's algorithm; the ready set is ordered by present position, which keeps the sort stable.
  std::unordered_map<const Node*, size_t> position;
  std::vector<std::unique_ptr<Node>> owned;
  for (auto& node : nodes_) {
    position[node.get()] = owned.size();
    owned.push_back(std::move(node));
  }
  std::vector<size_t> pending(owned.size(), 0);
  std::set<size_t> ready;
  for (size_t i = 0; i < owned.size(); ++i) {
    for (const Value* input : owned[i]->inputs_) pending[i] += input && input->producer_;
    if (pending[i] == 0) ready.insert(i);
  }
  std::list<std::unique_ptr<Node>> sorted;
  while (!ready.empty()) {
    const size_t i = *ready.begin();
    ready.erase(ready.begin());
    for (const Value* output : owned[i]->outputs_)
      for (const Node* user : output->users_)
        if (--pending[position.at(user)] == 0) ready.insert(position.at(user));
    sorted.push_back(std::move(owned[i]));
  }
  const bool complete = sorted.size() == owned.size();
  std::string stuck;
  for (auto& node : owned) {
    if (!node) continue;
    if (stuck.empty()) stuck = node->label();
    sorted.push_back(std::move(node));
  }
  nodes_ = std::move(sorted);
  TWOFOUR_CHECK(complete, kInvalidArgument, "the graph has a cycle through {}", stuck);
}

Graph Graph::clone() const {
  Graph copy(name_);
  copy.metadata_ = metadata_;
  std::unordered_map<const Value*, Value*> map;
  for (const auto& value : values_) {
    Value* twin = copy.new_value(value->name_, value->type_);
    twin->data_ = value->data_;
    twin->trainable_ = value->trainable_;
    map[value.get()] = twin;
  }
  const auto mapped = [&](const Value* v) { return v ? map.at(v) : nullptr; };
  for (const auto& node : nodes_) {
    auto twin = std::make_unique<Node>();
    twin->op_ = node->op_;
    twin->name_ = node->name_;
    twin->attrs_ = node->attrs_;
    for (const Value* input : node->inputs_) {
      twin->inputs_.push_back(mapped(input));
      if (input) mapped(input)->users_.push_back(twin.get());
    }
    for (const Value* output : node->outputs_) {
      twin->outputs_.push_back(mapped(output));
      mapped(output)->producer_ = twin.get();
    }
    copy.nodes_by_name_[twin->name_] = twin.get();
    copy.nodes_.push_back(std::move(twin));
  }
  for (const Value* input : inputs_) copy.inputs_.push_back(mapped(input));
  for (const Value* output : outputs_) copy.outputs_.push_back(mapped(output));
  return copy;
}

}  // namespace twofour
