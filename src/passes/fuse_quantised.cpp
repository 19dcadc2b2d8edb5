#include <algorithm>

#include "ops/quantisation/fused_product.h"
#include "passes/activation.h"
#include "passes/affine.h"
#include "passes/codes.h"
#include "passes/match.h"
#include "passes/rewrites.h"

namespace twofour::passes {
namespace {

using namespace ops::product_input;  // NOLINT(google-build-using-namespace): a list of names

bool is_real_product(const Node& node) {
  return (node.op() == "QuantizedConv" || node.op() == "QuantizedMatMul") &&
         node.output()->dtype() == DType::kF32 && node.output()->type().known;
}

/// Nothing but scale and bias follows the sums yet.
bool is_linear(const Node& product) {
  return !product.input(kResidual) && !product.attrs().has("activation");
}

size_t channel_axis(const Node& product) {
  return product.op() == "QuantizedConv" ? 1 : product.output()->rank() - 1;
}

/// One number where all are the same.
Tensor factor_tensor(const std::vector<double>& factors) {
  const Tensor all = Tensor::of<double>({static_cast<int64_t>(factors.size())}, factors).to(DType::kF32);
  const bool uniform = !factors.empty() && std::ranges::count(factors, factors[0]) == all.numel();
  return uniform ? Tensor::scalar(all.span<float>()[0]) : all;
}

/// Makes scale and bias those of affine(product), which has `channels`; false where a bias is computed or its
/// size is not known, or where a number is not finite.
bool apply_affine(ops::Builder& builder, const Affine& affine, const Dim& channels,
                  std::vector<Value*>& inputs) {
  const Value* old = inputs[kBias];
  const bool shifts = old || std::ranges::any_of(affine.offset, [](double v) { return v != 0; });
  if ((old && !old->is_constant()) || (shifts && !channels.known())) return false;
  Tensor bias = folded_bias(old, 1, affine, DType::kF32);
  Tensor factor = factor_tensor(affine.factor);
  if (!all_finite(factor) || !all_finite(bias)) return false;
  inputs[kScale] =
      multiplied(builder, builder.constant("factor", std::move(factor)), inputs[kScale], "scale");
  if (shifts) inputs[kBias] = builder.constant("bias", std::move(bias));
  return true;
}

/// The same for a factor that is computed, as long as there is no bias.
bool apply_factor(ops::Builder& builder, Value* factor, std::vector<Value*>& inputs) {
  if (inputs[kBias]) return false;
  if (factor->rank() > 1) factor = builder.reshape(factor, {factor->shape().numel()});
  inputs[kScale] = multiplied(builder, inputs[kScale], factor, "scale");
  return true;
}

/// The input by which `node` multiplies every channel, or all; null when it does something else.
Value* channel_factor(const Node& node, const Value* product, const Channels& channels) {
  if (node.op() != "Mul") return nullptr;
  Value* factor = other_input(node, product);
  return factor->type().is_static() && is_per_channel(factor->shape(), product->rank(), channels) ? factor
                                                                                                  : nullptr;
}

/// What alone reads the product goes into scale and bias; null when it cannot.
Node* fuse_affine(Graph& graph, Node* product) {
  Node* next = only_user(graph, product->output());
  if (!next || !is_linear(*product)) return nullptr;
  const size_t axis = channel_axis(*product);
  const Dim& count = product->output()->dims()[axis];
  const Channels channels = {axis, count.size_or(1)};
  std::vector<Value*> inputs = product->inputs();
  inputs.resize(std::max(inputs.size(), kBias + 1));
  ops::Builder builder(graph, product->name() + ".", next);
  if (const auto affine = affine_of(*next, product->output(), channels)) {
    if (!apply_affine(builder, *affine, count, inputs)) return nullptr;
  } else {
    Value* factor = channel_factor(*next, product->output(), channels);
    if (!factor || !apply_factor(builder, factor, inputs)) return nullptr;
  }
  return fuse_chain(graph, {product, next}, product->op(), std::move(inputs), product->attrs(),
                    product->name());
}

/// The residual's codes and, in `attrs`, what they mean; null for a residual that no DequantizeLinear makes.
Value* residual_codes(const Value* residual, Attrs& attrs) {
  const auto codes = codes_behind(residual);
  if (!codes) return nullptr;
  attrs.set("residual_scale", codes->scale);
  attrs.set("residual_zero_point", codes->zero_point);
  return residual->producer()->input(0);
}

/// Residual, activation and QuantizeLinear. Residual and result are both codes or both f32, since one may
/// take the other's place in memory.
bool fuse_tail(Graph& graph, Node* product) {
  std::vector<Node*> chain = {product};
  Attrs attrs = product->attrs();
  Value* residual = product->input(kResidual);
  if (Node* add = is_linear(*product) ? residual_add(graph, product->output()) : nullptr) {
    residual = other_input(*add, product->output());
    chain.push_back(add);
  }
  if (!attrs.has("activation")) append_activation(graph, chain, attrs);
  const std::string name = joined_name(chain);
  if (Node* quantize = quantizer(graph, chain.back()->output())) {
    Value* codes = residual ? residual_codes(residual, attrs) : nullptr;
    if (codes || !residual) {
      residual = codes;
      ops::set_output_codes(attrs, *codes_of(*quantize));
      chain.push_back(quantize);
    }
  }
  if (chain.size() == 1) return false;
  std::vector<Value*> inputs = product->inputs();
  inputs.resize(std::max(inputs.size(), kResidual + 1));
  inputs[kResidual] = residual;
  fuse_chain(graph, chain, product->op(), std::move(inputs), std::move(attrs), name);
  return true;
}

}  // namespace

size_t fuse_quantised(Graph& graph) {
  size_t changed = 0;
  std::vector<Node*> products = graph.node_list();
  std::erase_if(products, [](const Node* node) { return !is_real_product(*node); });
  // Backwards, so that of two products that are added the later one finds the Add first.
  std::ranges::reverse(products);
  for (Node* product : products) {
    while (Node* fused = fuse_affine(graph, product)) {
      product = fused;
      ++changed;
    }
    changed += fuse_tail(graph, product);
  }
  if (changed) graph.erase_dead();
  return changed;
}

}  // namespace twofour::passes
