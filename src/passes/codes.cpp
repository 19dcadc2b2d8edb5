#include "passes/codes.h"

#include <algorithm>
#include <array>
#include <limits>

#include "ops/evaluate.h"
#include "ops/infer.h"
#include "ops/quantisation/quantize.h"
#include "passes/match.h"

namespace twofour::passes {
namespace {

bool has_one_element(const Value* value) {
  return value->type().known && std::ranges::all_of(value->dims(), [](const Dim& d) { return d == Dim(1); });
}

/// Whether the node turns f32 values into 8-bit codes or back.
bool converts_bytes(const Node& node) {
  const bool quantises = node.op() == "QuantizeLinear";
  if ((!quantises && node.op() != "DequantizeLinear") || node.attrs().i("block_size", 0) != 0) return false;
  const Value* codes = quantises ? node.output() : node.input(0);
  const Value* values = quantises ? node.input(0) : node.output();
  const Value* scale = node.input(1);
  return is_byte(codes->dtype()) && values->dtype() == DType::kF32 && scale->dtype() == DType::kF32 &&
         scale->type().known && scale->rank() <= 1;
}

size_t axis_of(const Node& node) {
  return ops::normalize_axis(node.attrs().i("axis", 1), node.input(0)->rank());
}

/// What lies outside of src may be a number that has no code.
bool copies_pixels(const Node& node) {
  return node.op() == "Resize" && node.attrs().s("mode", "nearest") == "nearest" &&
         node.attrs().s("coordinate_transformation_mode", "half_pixel") != "tf_crop_and_resize";
}

/// Only a window with gaps can lie in the padding alone.
bool may_pool_padding(const Node& node) {
  if (node.op() != "MaxPool") return false;
  const auto differ = [&](const char* name, int64_t from) {
    return std::ranges::any_of(node.attrs().ints(name), [&](int64_t v) { return v != from; });
  };
  return differ("dilations", 1) && (differ("pads", 0) || node.attrs().s("auto_pad", "").starts_with("SAME"));
}

}  // namespace

bool keeps_order(float scale) {
  using Limits = std::numeric_limits<float>;
  return scale >= Limits::min() && scale <= Limits::max() / 255;
}

bool Codes::per_tensor() const {
  return (!scale || has_one_element(scale)) && (!zero_point || has_one_element(zero_point));
}

Value* Codes::zero_point_input() const {
  return zero_point && zero_point->is_constant() && ops::all_zero(zero_point->data()) ? nullptr : zero_point;
}

std::optional<Codes> dequantised(const Value* value) {
  const Node* node = value->producer();
  if (!node || node->op() != "DequantizeLinear" || !converts_bytes(*node)) return std::nullopt;
  Codes codes = {node->input(0), node->input(1), node->input(2)};
  if (codes.per_tensor()) return codes;
  if (!codes.codes->type().known) return std::nullopt;
  codes.axis = axis_of(*node);
  return codes;
}

std::optional<ops::OutputCodes> codes_of(const Node& node) {
  if (!converts_bytes(node)) return std::nullopt;
  const auto scale = scalar_of(node.input(1));
  const auto zero_point = number_of(node.input(2));
  if (!scale || !keeps_order(*scale) || !zero_point) return std::nullopt;
  const Value* codes = node.op() == "QuantizeLinear" ? node.output() : node.input(0);
  return ops::OutputCodes{codes->dtype(), *scale, static_cast<int64_t>(*zero_point)};
}

bool same_codes(const ops::OutputCodes& a, const ops::OutputCodes& b) {
  return a.dtype == b.dtype && a.scale == b.scale && a.zero_point == b.zero_point;
}

std::optional<ops::OutputCodes> codes_behind(const Value* value) {
  const Node* node = value->producer();
  return node && node->op() == "DequantizeLinear" ? codes_of(*node) : std::nullopt;
}

Node* quantizer(const Graph& graph, const Value* value) {
  Node* node = only_user(graph, value);
  return node && node->op() == "QuantizeLinear" && codes_of(*node) ? node : nullptr;
}

bool moves_codes(const Node& node) {
  const bool commutes = ops::get_op(node.op()).quant.kind == ops::Quant::Kind::kCommutes;
  if ((!commutes && !copies_pixels(node)) || may_pool_padding(node)) return false;
  const Dims& dims = node.input(0)->dims();
  return std::ranges::find(dims, Dim(0)) == dims.end();
}

bool needs_order(const Node& node) {
  constexpr std::array<std::string_view, 6> kOps = {"GlobalMaxPool", "MaxPool",   "Pad",
                                                    "ReduceMax",     "ReduceMin", "TopK"};
  return std::ranges::find(kOps, node.op()) != kOps.end();
}

Value* centred(Graph& graph, const Codes& weight) {
  const Value* zero_point = weight.zero_point;
  if (!weight.codes->is_constant() || (zero_point && !zero_point->is_constant())) return nullptr;
  const Tensor& codes = weight.codes->data();
  if (codes.dtype() == DType::kI8 && !weight.zero_point_input()) return weight.codes;
  const std::vector<int32_t> values =
      ops::centred(codes, zero_point ? zero_point->data() : Tensor(), weight.axis);
  if (std::ranges::any_of(values, [](int32_t v) { return v != static_cast<int8_t>(v); })) return nullptr;
  Tensor data(DType::kI8, codes.shape());
  std::ranges::transform(values, data.span<int8_t>().begin(),
                         [](int32_t v) { return static_cast<int8_t>(v); });
  return graph.add_constant(weight.codes->name() + ".centred", std::move(data));
}

Value* multiplied(ops::Builder& builder, Value* a, Value* b, const std::string& name) {
  if (scalar_of(a) == 1.0F) return b;
  Value* product = builder.op("Mul", {a, b}, {}, name);
  if (!ops::all_inputs_constant(*product->producer())) return product;
  Tensor data = ops::run_reference(*product->producer(), std::array{a->data(), b->data()})[0];
  builder.graph().erase(product->producer());
  return builder.constant(name, std::move(data));
}

}  // namespace twofour::passes
