#include <algorithm>
#include <array>
#include <cmath>

#include "passes/match.h"
#include "passes/rewrites.h"

namespace twofour::passes {
namespace {

// y = factor[k] * x + offset[k], what a batch norm does at inference.
struct Affine {
  std::vector<double> factor;
  std::vector<double> offset;
};

Affine affine_of(const Node& norm) {
  std::array<Tensor, 4> inputs;  // scale, bias, mean, variance
  for (size_t i = 0; i < 4; ++i) inputs[i] = norm.input(i + 1)->data().to(DType::kF32);
  const auto value = [&](size_t i, size_t k) { return static_cast<double>(inputs[i].span<float>()[k]); };
  const double epsilon = norm.attrs().f("epsilon", 1e-5F);
  Affine affine;
  for (size_t k = 0; k < inputs[0].span<float>().size(); ++k) {
    affine.factor.push_back(value(0, k) / std::sqrt(value(3, k) + epsilon));
    affine.offset.push_back(value(1, k) - value(2, k) * affine.factor[k]);
  }
  return affine;
}

// A copy of `weight` with every slice k along `axis` multiplied by factor[k].
Tensor scaled(const Tensor& weight, size_t axis, const std::vector<double>& factor) {
  const Tensor result = weight.to(DType::kF32);
  const auto values = result.span<float>();
  const auto inner = static_cast<size_t>(weight.shape().numel(axis + 1, weight.shape().rank()));
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = static_cast<float>(values[i] * factor[i / inner % factor.size()]);
  return result.to(weight.dtype());
}

// factor * beta * bias + offset; a missing bias is 0, a single value stands for all channels.
Tensor folded_bias(const Value* bias, double beta, const Affine& affine, DType dtype) {
  const Tensor old = bias ? bias->data().to(DType::kF32) : Tensor::scalar(0);
  const auto from = old.span<float>();
  Tensor result(DType::kF32, {static_cast<int64_t>(affine.factor.size())});
  for (size_t k = 0; k < affine.factor.size(); ++k)
    result.span<float>()[k] = static_cast<float>(
        affine.factor[k] * beta * static_cast<double>(from[from.size() == 1 ? 0 : k]) + affine.offset[k]);
  return result.to(dtype);
}

// The axis of the weight that holds output channels.
size_t channel_axis(const Node& node) {
  return node.op() == "Conv" || node.attrs().i("transB", 0) != 0 ? 0 : 1;
}

bool is_channel_vector(const Value* bias, int64_t channels) {
  if (!bias) return true;
  if (!bias->is_constant()) return false;
  const Shape& shape = bias->data().shape();
  return shape.numel() == 1 || (shape.numel() == channels && shape[shape.rank() - 1] == channels);
}

/// Whether the numbers are ordinary: a factor that overflows, or meets an infinity, is not the same as a
/// factor inside the weights.
bool stays_finite(const Tensor& weight, const Affine& affine) {
  const auto fits = [](double v) { return std::isfinite(static_cast<float>(v)); };
  if (!std::ranges::all_of(affine.factor, fits) || !std::ranges::all_of(affine.offset, fits)) return false;
  double most = 0;
  for (const double factor : affine.factor) most = std::max(most, std::abs(factor));
  const Tensor wide = weight.to(DType::kF32);
  return std::ranges::all_of(wide.span<float>(),
                             [&](float w) { return fits(static_cast<double>(w) * most); });
}

bool can_fold(const Node& product, const Node& norm) {
  if (product.op() != "Conv" && product.op() != "Gemm") return false;
  const Value* weight = product.input(1);
  if (!weight->is_constant() || norm.outputs().size() != 1) return false;
  for (size_t i = 1; i < 5; ++i)
    if (!norm.input(i)->is_constant()) return false;
  return is_channel_vector(product.input(2), weight->data().shape()[channel_axis(product)]);
}

// Changes the constant in place when `node` alone reads it, so that its name and meaning stay; else adds a
// new one.
void set_constant_input(Graph& graph, Node* node, size_t index, const std::string& name, Tensor data) {
  Value* old = node->input(index);
  if (old && only_user(graph, old)) old->set_data(std::move(data));
  else graph.set_input(node, index, graph.add_constant(name, std::move(data)));
}

void fold(Graph& graph, const Affine& affine, Node* product, Node* norm) {
  const Value* weight = product->input(1);
  const DType dtype = weight->dtype();
  const double beta = product->attrs().f("beta", 1);
  Tensor bias = folded_bias(product->input(2), beta, affine, dtype);
  set_constant_input(graph, product, 1, weight->name() + ".folded",
                     scaled(weight->data(), channel_axis(*product), affine.factor));
  set_constant_input(graph, product, 2, product->name() + ".bias", std::move(bias));
  product->attrs().erase("beta");
  const std::string name = norm->output()->name();
  graph.replace_all_uses(norm->output(), product->output());
  graph.erase(norm);
  graph.rename(product->output(), name);
}

}  // namespace

size_t fold_batch_norm(Graph& graph) {
  size_t changed = 0;
  for (Node* norm : graph.node_list()) {
    if (norm->op() != "BatchNormalization") continue;
    Node* product = norm->input(0)->producer();
    if (!product || !only_user(graph, norm->input(0)) || !can_fold(*product, *norm)) continue;
    const Affine affine = affine_of(*norm);
    if (!stays_finite(product->input(1)->data(), affine)) continue;
    fold(graph, affine, product, norm);
    ++changed;
  }
  return changed;
}

}  // namespace twofour::passes
