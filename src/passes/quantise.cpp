#include <algorithm>
#include <array>
#include <cmath>

#include "passes/affine.h"
#include "passes/codes.h"
#include "passes/match.h"
#include "passes/rewrites.h"

namespace twofour::passes {
namespace {

/// A product of codes with a result in f32.
struct Product {
  std::vector<Node*> chain;  // the product, and the Cast of integer sums
  Codes left, right;

  const Node& node() const { return *chain[0]; }
};

std::optional<Product> dequantised_product(Node* node) {
  const auto left = dequantised(node->input(0));
  const auto right = dequantised(node->input(1));
  return left && right ? std::optional(Product{{node}, *left, *right}) : std::nullopt;
}

/// `channel_axis`: along which zero points of the right side may vary.
std::optional<Product> integer_product(const Graph& graph, Node* node, size_t channel_axis) {
  Node* cast = only_user(graph, node->output());
  if (!cast || cast->op() != "Cast" || cast->output()->dtype() != DType::kF32) return std::nullopt;
  return Product{{node, cast},
                 {.codes = node->input(0), .zero_point = node->input(2)},
                 {.codes = node->input(1), .zero_point = node->input(3), .axis = channel_axis}};
}

/// What one unit of the sums is worth: the product of both scales and `factor`.
Value* sum_scale(ops::Builder& builder, const Product& product, float factor) {
  std::vector<Value*> scales;
  for (Value* scale : {product.left.scale, product.right.scale})
    if (scale) scales.push_back(scale);
  if (scales.empty() || factor != 1) scales.push_back(builder.scalar(factor));
  Value* all = scales[0];
  for (size_t i = 1; i < scales.size(); ++i)
    all = multiplied(builder, all, scales[i], i + 1 < scales.size() ? "scales" : "scale");
  return all;
}

/// Inputs 0 to 5 of QuantizedConv and QuantizedMatMul.
std::vector<Value*> product_inputs(Graph& graph, const Product& product, Value* right, Value* bias,
                                   float factor) {
  ops::Builder builder(graph, product.node().name() + ".", product.chain.back());
  Value* scale = sum_scale(builder, product, factor);
  return {product.left.codes, right, scale, bias, nullptr, product.left.zero_point_input()};
}

bool quantise_conv(Graph& graph, const Product& product, Value* bias) {
  if (!product.left.per_tensor() || !product.right.per_channel(0)) return false;
  Value* weight = centred(graph, product.right);
  if (!weight) return false;
  const Node& conv = product.node();
  fuse_chain(graph, product.chain, "QuantizedConv", product_inputs(graph, product, weight, bias, 1),
             conv.attrs(), conv.name());
  return true;
}

/// A weight without a zero point, or values that are computed; null when it is neither.
Value* right_side(Graph& graph, const Codes& right, size_t channel_axis) {
  if (right.codes->is_constant()) return right.per_channel(channel_axis) ? centred(graph, right) : nullptr;
  return right.per_tensor() ? right.codes : nullptr;
}

/// What a Gemm has and a MatMul has not. `bias` is undefined without one.
struct Extras {
  Attrs attrs;
  Tensor bias;
  float factor = 1;
};

bool quantise_matmul(Graph& graph, const Product& product, Extras extras) {
  const size_t rank = product.right.codes->rank();
  if (!product.left.per_tensor() || product.left.codes->rank() < 2 || rank < 2) return false;
  const bool swapped = extras.attrs.i("transB", 0) != 0;
  Value* right = right_side(graph, product.right, rank - (swapped ? 2 : 1));
  if (!right) return false;
  const std::string& name = product.node().name();
  Value* bias = extras.bias.defined() ? graph.add_constant(name + ".bias", extras.bias) : nullptr;
  std::vector<Value*> inputs = product_inputs(graph, product, right, bias, extras.factor);
  inputs.push_back(right->is_constant() ? nullptr : product.right.zero_point_input());
  fuse_chain(graph, product.chain, "QuantizedMatMul", std::move(inputs), std::move(extras.attrs), name);
  return true;
}

/// Nothing for a transposed left side, and for a C that is computed or varies between rows.
std::optional<Extras> extras_of(const Node& gemm) {
  Extras extras{.factor = gemm.attrs().f("alpha", 1)};
  if (gemm.attrs().i("transA", 0) != 0) return std::nullopt;
  if (gemm.attrs().i("transB", 0) != 0) extras.attrs.set("transB", int64_t{1});
  const Value* c = gemm.input(2);
  if (!c) return extras;
  const Dim& columns = gemm.output()->dims()[1];
  if (!c->is_constant() || !columns.known() || !is_per_channel(c->data().shape(), 2, {1, columns.value}))
    return std::nullopt;
  const auto count = static_cast<size_t>(columns.value);
  const Affine identity = {std::vector<double>(count, 1), std::vector<double>(count, 0)};
  extras.bias = folded_bias(c, gemm.attrs().f("beta", 1), identity, DType::kF32);
  return extras;
}

bool has_known_ranks(const Node& node) {
  return node.input(0)->type().known && node.input(1)->type().known && node.output()->type().known &&
         node.input(1)->rank() > 0;
}

/// Whether the node computes something of input 0 and constants.
bool reads_one_value(const Node& node) {
  return node.input(0) && std::all_of(node.inputs().begin() + 1, node.inputs().end(),
                                      [](const Value* v) { return !v || v->is_constant(); });
}

/// A weight that is moved before it is read: fold_constants comes first.
bool becomes_constant(const Codes& codes) {
  const Value* value = codes.codes;
  while (value->producer() && reads_one_value(*value->producer())) value = value->producer()->input(0);
  return value->is_constant() && !codes.codes->is_constant();
}

/// Whether sums of codes times the scale are sums of values: it is 0, or of either sign and so that values
/// are finite and have all their digits. A computed scale is taken to be so.
bool is_factor(const Value* scale) {
  if (!scale || !scale->is_constant()) return true;
  return std::ranges::all_of(scale->data().span<float>(),
                             [](float v) { return v == 0 || keeps_order(std::fabs(v)); });
}

bool is_product(const Node* node) {
  constexpr std::array<std::string_view, 5> kProducts = {"Conv", "ConvInteger", "Gemm", "MatMul",
                                                         "MatMulInteger"};
  return std::ranges::find(kProducts, node->op()) != kProducts.end();
}

bool rewrite(Graph& graph, Node* node) {
  const std::string& op = node->op();
  const bool is_integer = op == "ConvInteger" || op == "MatMulInteger";
  const bool is_conv = op == "ConvInteger" || op == "Conv";
  if (!has_known_ranks(*node)) return false;
  const auto product = is_integer ? integer_product(graph, node, is_conv ? 0 : node->input(1)->rank() - 1)
                                  : dequantised_product(node);
  if (!product || becomes_constant(product->left) || becomes_constant(product->right)) return false;
  if (!is_factor(product->left.scale) || !is_factor(product->right.scale)) return false;
  if (is_conv) return quantise_conv(graph, *product, is_integer ? nullptr : node->input(2));
  const auto extras = op == "Gemm" ? extras_of(*node) : Extras();
  return extras && quantise_matmul(graph, *product, *extras);
}

}  // namespace

size_t quantise(Graph& graph) {
  std::vector<Node*> products = graph.node_list();
  std::erase_if(products, [](const Node* node) { return !is_product(node); });
  size_t changed = 0;
  for (Node* node : products) changed += rewrite(graph, node);
  if (changed) graph.erase_dead();
  return changed;
}

}  // namespace twofour::passes
