#include "train/autodiff.h"

#include <algorithm>
#include <memory>
#include <unordered_set>

#include "ops/builder.h"

namespace twofour::train {
namespace {

using Values = std::unordered_set<const Value*>;

/// Values that depend on one of `wrt`.
Values dependents(const Graph& graph, std::span<Value* const> wrt) {
  Values found(wrt.begin(), wrt.end());
  for (const auto& node : graph.nodes()) {
    if (std::ranges::none_of(node->inputs(), [&](const Value* v) { return found.contains(v); })) continue;
    for (const Value* output : node->outputs())
      if (is_float(output->dtype())) found.insert(output);
  }
  return found;
}

class Backward {
 public:
  Backward(Graph& graph, Values dependents) : graph_(graph), dependents_(std::move(dependents)) {}

  void accumulate(Value* value, Value* gradient) {
    Value*& sum = gradients_[value];
    sum = sum ? ops::Builder(graph_, "grad." + value->name() + ".").add(sum, gradient) : gradient;
  }

  void visit(const Node& node) {
    std::vector<Value*> incoming;
    for (Value* output : node.outputs()) incoming.push_back(gradient(output));
    if (std::ranges::none_of(incoming, [](const Value* v) { return v; })) return;

    const size_t count = node.inputs().size();
    const auto needed = std::make_unique<bool[]>(count);
    for (size_t i = 0; i < count; ++i) needed[i] = dependents_.contains(node.input(i));
    if (std::none_of(needed.get(), needed.get() + count, [](bool n) { return n; })) return;

    const ops::Grad& rule = ops::get_op(node.op()).grad;
    TWOFOUR_CHECK(rule.emit, kUnsupported,
                  "{} lies between the parameters and the loss and is not differentiable: {}", node.label(),
                  rule.reason);
    ops::Builder builder(graph_, "grad." + node.name() + ".");
    const std::vector<Value*> outgoing =
        with_context([&] { return "differentiating " + node.label(); },
                     [&] {
                       return rule.emit({builder, node, incoming, {needed.get(), count}});
                     });
    for (size_t i = 0; i < std::min(count, outgoing.size()); ++i)
      if (needed[i] && outgoing[i]) accumulate(node.input(i), outgoing[i]);
  }

  Value* gradient(Value* value) const {
    const auto it = gradients_.find(value);
    return it == gradients_.end() ? nullptr : it->second;
  }

 private:
  Graph& graph_;
  const Values dependents_;
  std::map<Value*, Value*> gradients_;
};

}  // namespace

std::map<Value*, Value*> append_gradients(Graph& graph, Value* loss, std::span<Value* const> wrt,
                                          Value* loss_grad_seed) {
  TWOFOUR_CHECK(loss_grad_seed->type() == loss->type(), kInvalidArgument,
                "the seed of the backward pass is {}, expected the type of the loss, {}",
                loss_grad_seed->type().to_string(), loss->type().to_string());
  const std::vector<Node*> forward = graph.node_list();
  Backward backward(graph, dependents(graph, wrt));
  backward.accumulate(loss, loss_grad_seed);
  std::for_each(forward.rbegin(), forward.rend(), [&](const Node* node) { backward.visit(*node); });

  std::map<Value*, Value*> result;
  for (Value* value : wrt) result[value] = backward.gradient(value);
  return result;
}

}  // namespace twofour::train
