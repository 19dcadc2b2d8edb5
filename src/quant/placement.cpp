#include "quant/placement.h"

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "passes/codes.h"
#include "passes/match.h"
#include "quant/kinds.h"
#include "quant/pointwise.h"

namespace twofour::quant {
namespace {

class Placer {
 public:
  Placer(const Graph& graph, std::span<const Layer> layers, ActivationCodes activations)
      : graph_(graph), layers_(layers), signed_(activations == ActivationCodes::kS8), sources_(graph) {
    for (const auto& node : graph.nodes()) order_.emplace(node.get(), order_.size());
    for (const Layer& layer : layers)
      if (layer.reason == Reason::kQuantised) products_.insert(layer.node);
  }

  Placement run() {
    for (const Layer& layer : layers_) {
      if (layer.reason != Reason::kQuantised) continue;
      read(layer.node, 0, signed_);
      if (!layer.weighted) read(layer.node, 1, true);
    }
    for (size_t i = 0; i < result_.places.size(); ++i) result_.places[i].group = group_of(i);
    read_elsewhere();
    return std::move(result_);
  }

 private:
  void read(Node* node, size_t input, bool is_signed) {
    const size_t number = place(node->input(input), is_signed);
    result_.reads.push_back({node, input, number});
  }

  size_t place(Value* value, bool is_signed) {
    const size_t number = result_.places.size();
    const auto [it, is_new] = numbers_.try_emplace({value, is_signed}, number);
    if (!is_new) return it->second;
    result_.places.push_back({value, is_signed, number});
    if (place_producer(value, number, is_signed)) made_as_codes_.insert(value);
    return number;
  }

  /// Whether the value can be had without real values on the way: products make codes, others pass them on.
  bool comes_as_codes(Value* value) {
    const auto [known, is_new] = comes_as_codes_.try_emplace(value, false);
    if (!is_new) return known->second;
    const auto source = sources_.of(value);
    const Node* producer = source.value->producer();
    bool comes = producer && products_.contains(producer);
    if (producer && !comes &&
        (computes_on_codes(*producer) || (passes::moves_codes(*producer) && source.uniform))) {
      const std::vector<Value*> operands = real_operands(*producer);
      comes = !operands.empty() &&
              std::ranges::all_of(operands, [&](Value* operand) { return comes_as_codes(operand); });
    }
    return comes_as_codes_[value] = comes;
  }

  static std::vector<Value*> real_operands(const Node& node) {
    std::vector<Value*> operands;
    for (const size_t i : real_inputs(node))
      if (!node.input(i)->is_constant()) operands.push_back(node.input(i));
    return operands;
  }

  /// Places what the producer reads. Returns whether the value comes as codes from it.
  bool place_producer(Value* value, size_t number, bool is_signed) {
    const auto source = sources_.of(value);
    Node* producer = source.value->producer();
    if (!producer) return false;
    if (products_.contains(producer)) return true;
    if (computes_on_codes(*producer)) return read_operands(producer, is_signed);
    if (!passes::moves_codes(*producer)) return false;
    if (source.value == value) return share_inputs(producer, number, is_signed);
    if (source.uniform) place(source.value, is_signed);  // between the two stands a table of 256 codes
    return source.uniform;
  }

  bool read_operands(Node* node, bool is_signed) {
    const std::vector<Value*> operands = real_operands(*node);
    if (!std::ranges::all_of(operands, [&](Value* operand) { return comes_as_codes(operand); })) return false;
    if (!visited_.insert(node).second) return true;
    const Value* fused = fused_operand(*node);
    for (const size_t i : real_inputs(*node))
      if (!node->input(i)->is_constant() && node->input(i) != fused) read(node, i, is_signed);
    return true;
  }

  bool share_inputs(Node* node, size_t number, bool is_signed) {
    const std::vector<size_t> inputs = real_inputs(*node);
    if (std::ranges::any_of(inputs, [&](size_t i) { return node->input(i)->is_constant(); })) return false;
    const bool is_first = visited_.insert(node).second;
    for (const size_t i : inputs) {
      if (is_first) read(node, i, is_signed);
      const auto shared = numbers_.find({node->input(i), is_signed});
      if (shared != numbers_.end()) result_.places[group_of(shared->second)].group = group_of(number);
    }
    return true;
  }

  size_t group_of(size_t place) const {
    while (result_.places[place].group != place) place = result_.places[place].group;
    return place;
  }

  /// Of an Add the product that runs as one with it: the later one, as in passes/rewrites.h's fuse_conv.
  const Value* fused_operand(const Node& node) const {
    const Value* found = nullptr;
    if (node.op() != "Add") return nullptr;
    for (const Value* input : node.inputs()) {
      const Node* producer = input->producer();
      if (!producer || !products_.contains(producer) || !passes::only_user(graph_, input) ||
          !passes::same_shape(input, node.output()))
        continue;
      if (!found || order_.at(producer) > order_.at(found->producer())) found = input;
    }
    return found;
  }

  bool is_real_product(const Node& node) const { return is_product(node) && !products_.contains(&node); }

  /// Whatever else reads a tensor that its producer makes as codes takes these too: there is no other copy.
  /// Not a product that stays in floating point, which does so for its accuracy.
  void read_elsewhere() {
    std::set<std::pair<const Node*, size_t>> known;
    for (const Read& read : result_.reads) known.insert({read.node, read.input});
    for (size_t place = 0; place < result_.places.size(); ++place) {
      const Value* value = result_.places[place].value;
      if (!made_as_codes_.contains(value)) continue;
      for (Node* user : value->users())
        for (size_t i = 0; i < user->inputs().size(); ++i)
          if (user->input(i) == value && !is_real_product(*user) && known.insert({user, i}).second)
            result_.reads.push_back({user, i, place});
    }
  }

  const Graph& graph_;
  std::span<const Layer> layers_;
  bool signed_;
  PointwiseSources sources_;
  std::unordered_map<const Node*, size_t> order_;
  std::unordered_set<const Node*> products_;
  std::unordered_set<const Node*> visited_;  // whose inputs are placed
  std::unordered_set<const Value*> made_as_codes_;
  std::unordered_map<const Value*, bool> comes_as_codes_;
  std::map<std::pair<const Value*, bool>, size_t> numbers_;
  Placement result_;
};

}  // namespace

Placement place_codes(const Graph& graph, std::span<const Layer> layers, ActivationCodes activations) {
  return Placer(graph, layers, activations).run();
}

}  // namespace twofour::quant
