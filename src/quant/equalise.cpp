#include "quant/equalise.h"

#include <algorithm>
#include <cmath>

#include "ops/strided.h"
#include "passes/match.h"

namespace twofour::quant {
namespace {

/// A constant f32 input that nothing else reads, or null.
Value* own_constant(const Graph& graph, const Node& node, size_t input) {
  Value* value = node.input(input);
  const bool own = value && value->is_constant() && value->dtype() == DType::kF32 &&
                   passes::only_user(graph, value) == &node;
  return own ? value : nullptr;
}

bool can_scale(const Graph& graph, const Node* node) {
  return node && node->op() == "Conv" && own_constant(graph, *node, 1) &&
         (!node->input(2) || own_constant(graph, *node, 2));
}

struct Pair {
  Node* first;
  Node* second;
};

/// The convolution whose result `second` alone reads, perhaps through a Relu.
Node* first_of(const Graph& graph, const Node& second) {
  const Value* value = second.input(0);
  if (!passes::only_user(graph, value)) return nullptr;
  Node* producer = value->producer();
  if (producer && producer->op() == "Relu") {
    value = producer->input(0);
    if (!passes::only_user(graph, value)) return nullptr;
    producer = value->producer();
  }
  return producer;
}

std::vector<Pair> find_pairs(const Graph& graph) {
  std::vector<Pair> pairs;
  for (const auto& node : graph.nodes()) {
    if (!can_scale(graph, node.get())) continue;
    Node* first = first_of(graph, *node);
    if (can_scale(graph, first)) pairs.push_back({first, node.get()});
  }
  return pairs;
}

/// Calls fn(element, output channel of the first, which is an input channel of the second).
template <typename Fn>
void for_each_output(const Node& first, const Fn& fn) {
  const ops::AxisView view(first.input(1)->data().shape(), 0);
  for (int64_t i = 0; i < view.size * view.inner; ++i)
    fn(static_cast<size_t>(i), static_cast<size_t>(i / view.inner));
}

template <typename Fn>
void for_each_input(const Node& second, const Fn& fn) {
  const Shape& shape = second.input(1)->data().shape();
  const ops::AxisView view(shape, 1);
  const int64_t filters_of_group = shape[0] / second.attrs().i("group", 1);
  int64_t at = 0;
  for (int64_t filter = 0; filter < view.outer; ++filter)
    for (int64_t channel = 0; channel < view.size; ++channel)
      for (int64_t i = 0; i < view.inner; ++i)
        fn(static_cast<size_t>(at++), static_cast<size_t>(filter / filters_of_group * view.size + channel));
}

std::vector<float> factors_of(const Pair& pair) {
  const auto channels = static_cast<size_t>(pair.first->input(1)->data().shape()[0]);
  std::vector<float> own(channels), other(channels), factors(channels, 1);
  const auto first = pair.first->input(1)->data().span<float>();
  const auto second = pair.second->input(1)->data().span<float>();
  for_each_output(*pair.first, [&](size_t i, size_t c) { own[c] = std::max(own[c], std::fabs(first[i])); });
  for_each_input(*pair.second,
                 [&](size_t i, size_t c) { other[c] = std::max(other[c], std::fabs(second[i])); });
  for (size_t c = 0; c < channels; ++c)
    if (std::isnormal(own[c] / other[c])) factors[c] = std::sqrt(own[c] / other[c]);
  return factors;
}

void scale(const Pair& pair, const std::vector<float>& factors) {
  const Tensor first = pair.first->input(1)->data().clone();
  const Tensor second = pair.second->input(1)->data().clone();
  for_each_output(*pair.first, [&](size_t i, size_t c) { first.span<float>()[i] /= factors[c]; });
  for_each_input(*pair.second, [&](size_t i, size_t c) { second.span<float>()[i] *= factors[c]; });
  pair.first->input(1)->set_data(first);
  pair.second->input(1)->set_data(second);
  if (!pair.first->input(2)) return;
  const Tensor bias = pair.first->input(2)->data().clone();
  for (size_t c = 0; c < factors.size(); ++c) bias.span<float>()[c] /= factors[c];
  pair.first->input(2)->set_data(bias);
}

}  // namespace

size_t equalise(Graph& graph) {
  constexpr int kMostSweeps = 20;
  constexpr float kSettled = 0.01F;
  const std::vector<Pair> pairs = find_pairs(graph);
  for (int sweep = 0; sweep < kMostSweeps; ++sweep) {
    float change = 0;
    for (const Pair& pair : pairs) {
      const std::vector<float> factors = factors_of(pair);
      for (const float factor : factors) change = std::max(change, std::fabs(factor - 1));
      scale(pair, factors);
    }
    if (change < kSettled) break;
  }
  return pairs.size();
}

}  // namespace twofour::quant
