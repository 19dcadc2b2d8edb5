#include <algorithm>
#include <array>
#include <cmath>

#include "passes/match.h"
#include "passes/rewrites.h"

namespace twofour::passes {
namespace {

// y = factor[k] * x + offset[k], what a batch norm does at inference, or an Add or Mul of constants.
struct Affine {
  std::vector<double> factor;
  std::vector<double> offset;
};

Affine affine_of_norm(const Node& norm) {
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

bool can_fold_into(const Node& product) {
  if (product.op() != "Conv" && product.op() != "Gemm") return false;
  const Value* weight = product.input(1);
  return weight->is_constant() && weight->dtype() != DType::kF64 && product.output()->type().known &&
         is_channel_vector(product.input(2), weight->data().shape()[channel_axis(product)]);
}

bool is_constant_norm(const Node& node) {
  const auto constant = [](const Value* v) { return v->is_constant(); };
  return node.op() == "BatchNormalization" && node.outputs().size() == 1 &&
         std::all_of(node.inputs().begin() + 1, node.inputs().end(), constant);
}

/// Whether a constant of this shape has one number for every channel of the product, or one for all.
bool is_per_channel(const Shape& shape, const Node& product) {
  const size_t rank = product.output()->rank();
  if (shape.rank() > rank) return false;
  if (shape.numel() == 1) return true;
  const size_t before = product.op() == "Conv" ? 1 : rank - 1;  // the channels' axis in the product
  const int64_t channels = product.input(1)->data().shape()[channel_axis(product)];
  return shape.numel() == channels && before + shape.rank() >= rank &&
         shape[before + shape.rank() - rank] == channels;
}

/// What `node` does to the product, when it is a batch norm or what other tools leave of one.
std::optional<Affine> affine_of(const Node& node, const Node& product) {
  if (is_constant_norm(node)) return affine_of_norm(node);
  if ((node.op() != "Add" && node.op() != "Mul") || !is_float(node.output()->dtype())) return std::nullopt;
  const Value* constant = node.input(node.input(0) == product.output() ? 1 : 0);
  if (!constant->is_constant() || !is_per_channel(constant->data().shape(), product)) return std::nullopt;
  const auto channels = static_cast<size_t>(product.input(1)->data().shape()[channel_axis(product)]);
  const Tensor wide = constant->data().to(DType::kF32);
  Affine affine{.factor = std::vector<double>(channels, 1), .offset = std::vector<double>(channels, 0)};
  std::vector<double>& target = node.op() == "Add" ? affine.offset : affine.factor;
  for (size_t k = 0; k < channels; ++k) target[k] = wide.span<float>()[wide.numel() == 1 ? 0 : k];
  return affine;
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
  if (std::ranges::any_of(affine.factor, [](double f) { return f != 1; }))
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
  for (Node* node : graph.node_list()) {
    const bool second = node->inputs().size() == 2 && node->input(0)->is_constant();
    Value* result = node->input(second ? 1 : 0);
    Node* product = result ? result->producer() : nullptr;
    if (!product || !only_user(graph, result) || !can_fold_into(*product)) continue;
    const auto affine = affine_of(*node, *product);
    if (!affine || !stays_finite(product->input(1)->data(), *affine)) continue;
    fold(graph, *affine, product, node);
    ++changed;
  }
  return changed;
}

}  // namespace twofour::passes
