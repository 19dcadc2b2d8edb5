#include "quant/smooth.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <vector>

#include "ops/builder.h"
#include "passes/match.h"

namespace twofour::quant {
namespace {

bool is_own_constant(const Graph& graph, const Value* value) {
  return value && value->is_constant() && value->dtype() == DType::kF32 && passes::only_user(graph, value);
}

/// A product of the value with a constant matrix.
bool is_product_of(const Graph& graph, const Node& node, const Value* value) {
  return (node.op() == "MatMul" || node.op() == "Gemm") && node.input(0) == value &&
         node.attrs().i("transA", 0) == 0 && is_own_constant(graph, node.input(1)) &&
         node.input(1)->rank() == 2;
}

/// The rows of the product's matrix, which are the channels of what it reads.
int64_t num_channels(const Node& product) {
  return product.input(1)->data().shape()[product.attrs().i("transB", 0) != 0 ? 1 : 0];
}

bool is_over_last_axis(const Node& norm) {
  const auto last = static_cast<int64_t>(norm.input(0)->rank()) - 1;
  const int64_t axis = norm.attrs().i("axis", -1);
  return last >= 1 && (axis == -1 || axis == last);
}

bool is_own_vector(const Graph& graph, const Value* value, int64_t size) {
  return is_own_constant(graph, value) && value->data().shape() == Shape{size};
}

bool can_smooth(const Graph& graph, const Node& node) {
  if (node.op() != "LayerNormalization" || !is_over_last_axis(node)) return false;
  const Value* result = node.output();
  const auto is_product = [&](const Node* user) { return is_product_of(graph, *user, result); };
  if (graph.is_output(result) || result->users().empty() || !std::ranges::all_of(result->users(), is_product))
    return false;
  const int64_t channels = num_channels(*result->users()[0]);
  return is_own_vector(graph, node.input(1), channels) &&
         (!node.input(2) || is_own_vector(graph, node.input(2), channels));
}

using ChannelMaxima = std::map<std::string, std::vector<float>>;  // by value

ChannelMaxima channel_maxima(const Graph& graph, const std::vector<Node*>& norms, const RunFn& run) {
  Graph copy = graph.clone();
  ops::Builder b(copy);
  std::vector<Value*> outputs;
  std::map<std::string, std::string> value_of;  // by output
  for (const Node* norm : norms) {
    Value* value = copy.find_value(norm->output()->name());
    std::vector<int64_t> axes(value->rank() - 1);
    for (size_t i = 0; i < axes.size(); ++i) axes[i] = static_cast<int64_t>(i);
    outputs.push_back(b.op("ReduceMax", {b.op("Abs", {value}), b.i64(axes)}, {{"keepdims", int64_t{0}}}));
    value_of[outputs.back()->name()] = value->name();
  }
  copy.set_outputs(outputs);
  copy.erase_dead();
  ChannelMaxima maxima;
  run(copy, [&](const Observation& o) {
    const auto value = value_of.find(o.name);
    if (value == value_of.end()) return;
    const auto found = o.tensor.span<float>();
    std::vector<float>& most = maxima[value->second];
    most.resize(found.size());
    std::ranges::transform(most, found, most.begin(), [](float x, float y) { return std::max(x, y); });
  });
  return maxima;
}

/// Calls fn(element, input channel) for every element of the product's weight.
template <typename Fn>
void for_each_weight(const Node& product, const Fn& fn) {
  const Shape& shape = product.input(1)->data().shape();
  const bool transposed = product.attrs().i("transB", 0) != 0;
  for (int64_t i = 0; i < shape.numel(); ++i)
    fn(static_cast<size_t>(i), static_cast<size_t>(transposed ? i % shape[1] : i / shape[1]));
}

std::vector<float> factors_of(const Node& norm, const std::vector<float>& maxima, double alpha) {
  std::vector<float> weights(maxima.size()), factors(maxima.size(), 1);
  for (const Node* product : norm.output()->users()) {
    const auto values = product->input(1)->data().span<float>();
    for_each_weight(*product, [&](size_t i, size_t channel) {
      weights[channel] = std::max(weights[channel], std::fabs(values[i]));
    });
  }
  for (size_t c = 0; c < factors.size(); ++c) {
    const double factor = std::pow(double{maxima[c]}, alpha) / std::pow(double{weights[c]}, 1 - alpha);
    if (std::isnormal(static_cast<float>(factor))) factors[c] = static_cast<float>(factor);
  }
  return factors;
}

void divide(Value* value, const std::vector<float>& factors) {
  if (!value) return;
  const Tensor data = value->data().clone();
  for (size_t c = 0; c < factors.size(); ++c) data.span<float>()[c] /= factors[c];
  value->set_data(data);
}

void fold(const Node& norm, const std::vector<float>& factors) {
  divide(norm.input(1), factors);
  divide(norm.input(2), factors);
  for (const Node* product : norm.output()->users()) {
    const Tensor data = product->input(1)->data().clone();
    for_each_weight(*product, [&](size_t i, size_t channel) { data.span<float>()[i] *= factors[channel]; });
    product->input(1)->set_data(data);
  }
}

}  // namespace

size_t smooth(Graph& graph, const RunFn& run, double alpha) {
  TWOFOUR_CHECK(alpha > 0 && alpha < 1, kInvalidArgument,
                "SmoothQuant's alpha is {}; between 0 and 1 is expected", alpha);
  std::vector<Node*> norms;
  for (const auto& node : graph.nodes())
    if (can_smooth(graph, *node)) norms.push_back(node.get());
  if (norms.empty()) return 0;
  const ChannelMaxima maxima = channel_maxima(graph, norms, run);
  TWOFOUR_CHECK(!maxima.empty(), kInvalidArgument, "there are no calibration data to smooth by");
  for (const Node* norm : norms) fold(*norm, factors_of(*norm, maxima.at(norm->output()->name()), alpha));
  return norms.size();
}

}  // namespace twofour::quant
