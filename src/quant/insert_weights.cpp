#include "quant/insert_weights.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "ops/builder.h"
#include "quant/weights.h"

namespace twofour::quant {
namespace {

/// A Conv or Gemm without a bias can have one.
bool lacks_bias(const Node& node) { return node.op() != "MatMul" && !node.input(2); }

}  // namespace

void WeightInserter::add(const Layer& layer, float src_scale) {
  Product product = {
      layer, {layer.node->input(1), layer.weight_axis}, src_scale, find_bias(graph_, layer), {}, {}, false};
  const auto channels = static_cast<size_t>(num_channels(layer));
  const auto correction = corrections_.find(layer.node->name());
  product.corrected = correction != corrections_.end();
  if (product.bias_input.node) {
    const Tensor& bias = product.bias_input.value()->data();
    product.bias.assign(bias.span<float>().begin(), bias.span<float>().end());
    product.bias_shape = bias.shape();
  } else if (product.corrected && lacks_bias(*layer.node)) {
    product.bias_input = {layer.node, 2};
    product.bias.assign(channels, 0);
    product.bias_shape = {static_cast<int64_t>(channels)};
  }
  if (product.corrected)
    for (size_t i = 0; i < product.bias.size(); ++i) product.bias[i] += correction->second[i];
  Weight& weight = weights_[product.weight];
  if (weight.scales.empty()) weight.scales = weight_scales(product.weight.first->data(), layer.weight_axis);
  if (product.bias_input.node == layer.node) fit_bias(weight.scales, product.bias, src_scale);
  products_.push_back(std::move(product));
}

std::map<std::string, std::string> WeightInserter::insert(std::vector<QuantizedLayer>& rows) {
  for (const Product& product : products_) {
    set_weight(product);
    if (product.bias_input.node) set_bias(product);
    const auto [least, largest] = std::ranges::minmax(weights_.at(product.weight).scales);
    const auto row = std::ranges::find(rows, product.layer.node->name(), &QuantizedLayer::layer);
    row->least_scale = least;
    row->largest_scale = largest;
    if (product.corrected && product.bias_input.node)
      for (const float v : corrections_.at(row->layer))
        row->bias_correction = std::max(row->bias_correction, std::fabs(double{v}));
  }
  return codes_of_;
}

// Zero points are written, though they are 0: other runtimes look for them.
Value* WeightInserter::dequantised(const std::string& name, Tensor codes, const std::vector<float>& scales,
                                   size_t axis, const Node* before) {
  ops::Builder b(graph_, {}, before);
  const Shape channels = {static_cast<int64_t>(scales.size())};
  Value* zero_point = b.constant(name + "_zero_point", Tensor(codes.dtype(), channels));
  Value* scale = b.constant(name + "_scale", Tensor::of<float>(channels, scales));
  Value* stored = b.constant(name + "_quantized", std::move(codes));
  return b.op("DequantizeLinear", {stored, scale, zero_point}, {{"axis", static_cast<int64_t>(axis)}},
              name + "_DequantizeLinear");
}

void WeightInserter::set_weight(const Product& product) {
  Weight& weight = weights_.at(product.weight);
  const auto [value, axis] = product.weight;
  if (!weight.real) {
    weight.real = dequantised(value->name(), weight_codes(value->data(), axis, weight.scales), weight.scales,
                              axis, product.layer.node);
    codes_of_[value->name()] = weight.real->producer()->input(0)->name();
  }
  graph_.set_input(product.layer.node, 1, weight.real);
}

void WeightInserter::set_bias(const Product& product) {
  const auto [node, input] = product.bias_input;
  std::vector<float> scales = weights_.at(product.weight).scales;
  for (float& scale : scales) scale *= product.src_scale;
  const bool normal = std::ranges::min(scales) >= std::numeric_limits<float>::min();
  const Value* old = node->input(input);
  const std::string name = old ? old->name() : node->name() + ".bias";
  if (node == product.layer.node && normal) {
    graph_.set_input(node, input,
                     dequantised(name, bias_codes(product.bias, product.bias_shape, scales), scales,
                                 product.bias_shape.rank() - 1, node));
  } else if (product.corrected) {
    Value* bias = graph_.add_constant(name, Tensor::of<float>(product.bias_shape, product.bias));
    bias->set_trainable(old && old->trainable());
    graph_.set_input(node, input, bias);
  }
}

}  // namespace twofour::quant
