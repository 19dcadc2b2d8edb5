#include <algorithm>
#include <cmath>

#include "passes/affine.h"
#include "passes/match.h"
#include "passes/rewrites.h"

namespace twofour::passes {
namespace {

// A copy of `weight` with every slice k along `axis` multiplied by factor[k].
Tensor scaled(const Tensor& weight, size_t axis, const std::vector<double>& factor) {
  const Tensor result = weight.to(DType::kF32);
  const auto values = result.span<float>();
  const auto inner = static_cast<size_t>(weight.shape().numel(axis + 1, weight.shape().rank()));
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = static_cast<float>(values[i] * factor[i / inner % factor.size()]);
  return result.to(weight.dtype());
}

bool is_gemm(const Node& product) { return product.op() == "Gemm"; }

// The axis of the weight that holds output channels.
size_t channel_axis(const Node& node) {
  return node.op() == "Conv" || node.attrs().i("transB", 0) != 0 ? 0 : 1;
}

Channels channels_of(const Node& product) {
  return {is_gemm(product) ? product.output()->rank() - 1 : 1,
          product.input(1)->data().shape()[channel_axis(product)]};
}

bool is_channel_vector(const Value* bias, int64_t channels) {
  if (!bias) return true;
  if (!bias->is_constant()) return false;
  const Shape& shape = bias->data().shape();
  return shape.numel() == 1 || (shape.numel() == channels && shape[shape.rank() - 1] == channels);
}

/// Whether a channel that had weights has lost their precision: the largest is now denormal.
bool underflows(const Tensor& before, const Tensor& after, size_t axis) {
  const double least = after.dtype() == DType::kF16 ? 0x1p-14 : 0x1p-126;  // the smallest normal number
  const Tensor old = before.to(DType::kF32), now = after.to(DType::kF32);
  const auto channels = static_cast<size_t>(before.shape()[axis]);
  const auto inner = static_cast<size_t>(before.shape().numel(axis + 1, before.shape().rank()));
  std::vector<float> most_old(channels), most_now(channels);
  for (size_t i = 0; i < old.span<float>().size(); ++i) {
    const size_t k = i / inner % channels;
    most_old[k] = std::max(most_old[k], std::abs(old.span<float>()[i]));
    most_now[k] = std::max(most_now[k], std::abs(now.span<float>()[i]));
  }
  for (size_t k = 0; k < channels; ++k)
    if (most_old[k] >= least && most_now[k] < least) return true;
  return false;
}

bool can_fold_into(const Node& product) {
  // Of a grouped ConvTranspose no axis of the weight has all output channels.
  const bool transposed = product.op() == "ConvTranspose" && product.attrs().i("group", 1) == 1;
  if (product.op() != "Conv" && !transposed && !is_gemm(product)) return false;
  const Value* weight = product.input(1);
  return weight->is_constant() && weight->dtype() != DType::kF64 && product.output()->type().known &&
         is_channel_vector(product.input(2), weight->data().shape()[channel_axis(product)]);
}

// Changes the constant in place when `node` alone reads it, so that its name and meaning stay; else adds a
// new one.
void set_constant_input(Graph& graph, Node* node, size_t index, const std::string& name, Tensor data) {
  Value* old = node->input(index);
  if (old && only_user(graph, old)) old->set_data(std::move(data));
  else graph.set_input(node, index, graph.add_constant(name, std::move(data)));
}

/// False when the numbers are not ordinary: a factor that overflows, underflows or meets an infinity is not
/// the same as a factor inside the weights.
bool fold(Graph& graph, const Affine& affine, Node* product, Node* norm) {
  const Tensor before = product->input(1)->data();
  const size_t axis = channel_axis(*product);
  const double beta = product->attrs().f("beta", 1);
  Tensor bias = folded_bias(product->input(2), beta, affine, before.dtype());
  const bool scales = std::ranges::any_of(affine.factor, [](double f) { return f != 1; });
  const bool zeroes = std::ranges::find(affine.factor, 0.0) != affine.factor.end();
  Tensor weight = scales ? scaled(before, axis, affine.factor) : before;
  if (!all_finite(weight) || !all_finite(bias) || (!zeroes && underflows(before, weight, axis))) return false;
  if (scales) set_constant_input(graph, product, 1, product->input(1)->name() + ".folded", std::move(weight));
  set_constant_input(graph, product, 2, product->name() + ".bias", std::move(bias));
  product->attrs().erase("beta");
  const std::string name = norm->output()->name();
  graph.replace_all_uses(norm->output(), product->output());
  graph.erase(norm);
  graph.rename(product->output(), name);
  return true;
}

/// The one input that is not a constant of an Add or Mul, or a batch norm's.
Value* folded_input(const Node& node) {
  if (node.op() == "BatchNormalization") return node.input(0);
  if (node.op() != "Add" && node.op() != "Mul") return nullptr;
  return node.input(node.input(0)->is_constant() ? 1 : 0);
}

}  // namespace

size_t fold_batch_norm(Graph& graph) {
  size_t changed = 0;
  for (Node* node : graph.node_list()) {
    Value* result = folded_input(*node);
    Node* product = result ? result->producer() : nullptr;
    if (!product || !only_user(graph, result) || !can_fold_into(*product)) continue;
    const auto affine = affine_of(*node, result, channels_of(*product));
    changed += affine && fold(graph, *affine, product, node);
  }
  return changed;
}

}  // namespace twofour::passes
