#include "ops/quantisation/on_codes.h"

#include <array>

#include "ops/domain.h"
#include "ops/infer_alone.h"
#include "ops/quantisation/example_inputs.h"
#include "ops/quantisation/quantize.h"

namespace twofour::ops {
namespace {

struct Pair {
  std::string_view quantised, real;
};
constexpr std::array kPairs = {
    Pair{"QuantizedAdd", "Add"},
    Pair{"QuantizedAveragePool", "AveragePool"},
    Pair{"QuantizedGlobalAveragePool", "GlobalAveragePool"},
    Pair{"QuantizedMul", "Mul"},
};

const OpDef& real_op(std::string_view quantised) {
  return get_op(std::ranges::find(kPairs, quantised, &Pair::quantised)->real);
}

Attrs attrs_of(const OpDef& op, const Attrs& all) {
  Attrs attrs;
  for (const auto& [name, value] : all)
    if (std::ranges::find(op.attrs, name) != op.attrs.end()) attrs.set(name, value);
  return attrs;
}

void infer(const Node& node, std::span<ValueType> outputs) {
  const OpDef& op = real_op(node.op());
  activation_from(node.attrs());
  const auto codes = input_codes_from(node.attrs(), node.inputs().size());
  std::vector<std::optional<KnownInput>> inputs;
  for (size_t i = 0; i < codes.size(); ++i) {
    const ValueType& type = node.input(i)->type();
    if (type.dtype != DType::kF32) {
      check_bytes(type, fmt::format("input {}", i));
      check_zero_point_value(codes[i].zero_point, type.dtype, fmt::format("zero point {}", i));
    }
    inputs.push_back(KnownInput{{}, {DType::kF32, type.dims}});
  }
  outputs[0] = infer_alone(std::string(op.name), node.name(), attrs_of(op, node.attrs()), 1, inputs)[0];
  outputs[0].dtype = output_codes_from(node.attrs()).dtype;
}

void run(const OpDef& op, const ReferenceArgs& args) {
  const auto codes = input_codes_from(args.attrs, args.inputs.size());
  std::vector<Tensor> inputs;
  for (size_t i = 0; i < args.inputs.size(); ++i) {
    Tensor& real = inputs.emplace_back(args.inputs[i].to(DType::kF32));
    if (args.inputs[i].dtype() == DType::kF32) continue;
    const auto zero_point = static_cast<float>(codes[i].zero_point);
    for (float& v : real.span<float>()) v = (v - zero_point) * codes[i].scale;
  }
  const Tensor values(DType::kF32, args.outputs[0].shape());
  const Attrs attrs = attrs_of(op, args.attrs);
  op.reference({attrs, inputs, {&values, 1}});
  const Activation activation = activation_from(args.attrs);
  for (float& v : values.span<float>()) v = activation(v);
  store_codes(output_codes_from(args.attrs), values.span<float>(), args.outputs[0]);
}

template <size_t pair>
void reference(const ReferenceArgs& args) {
  run(get_op(kPairs[pair].real), args);
}

/// kPairs[pair] with `examples`, whose attributes lack those of the codes.
template <size_t pair>
OpDef quantised(std::string_view doc, std::vector<Port> inputs, std::vector<std::string_view> attrs,
                std::vector<Example> examples) {
  for (std::string_view name :
       {"activation", "activation_offset", "activation_slope", "clip_high", "clip_low", "input_scales",
        "input_zero_points", "output_dtype", "output_scale", "output_zero_point"})
    attrs.push_back(name);
  std::ranges::sort(attrs);
  for (Port& input : inputs) input.domain = all_codes;
  return {
      .name = kPairs[pair].quantised,
      .doc = doc,
      .standard = false,
      .inputs = std::move(inputs),
      .outputs = {{"dst"}},
      .attrs = std::move(attrs),
      .infer = infer,
      .reference = reference<pair>,
      .grad = not_differentiable("codes are not numbers to differentiate by"),
      .amp = Amp::kFixed,
      .quant = quant_float("works on codes already"),
      .sparsity = no_sparsity(),
      .examples = std::move(examples),
  };
}

Attrs with_input_codes(Attrs attrs, const std::vector<InputCodes>& codes) {
  set_input_codes(attrs, codes);
  return attrs;
}

std::vector<Example> binary_examples() {
  const Attrs plain = with_input_codes({}, {{0.02F, 117}, {0.03F, 0}});
  Attrs relu = with_input_codes({{"activation", std::string("relu")}}, {{0.02F, -3}, {0.03F, 5}});
  return {{.inputs = {code_input(DType::kU8, {2, 8, 5, 3}), code_input(DType::kU8, {2, 8, 5, 3})},
           .attrs = with_output_codes(plain, {DType::kU8, 0.05F, 31})},
          {.inputs = {code_input(DType::kI8, {3, 70}), code_input(DType::kI8, {70})},
           .attrs = with_output_codes(relu, {DType::kI8, 0.05F, -100})},
          {.inputs = {code_input(DType::kU8, {2, 6, 3, 4}), code_input(DType::kU8, {2, 6, 1, 1})},
           .attrs = plain},
          {.inputs = {code_input(DType::kU8, {2, 6, 3, 4}), {.shape = {}, .constant = true}},
           .attrs = with_output_codes(with_input_codes({}, {{0.02F, 9}, {}}), {DType::kU8, 0.01F, 128})}};
}

}  // namespace

std::optional<std::string_view> on_codes(std::string_view op) {
  const auto* pair = std::ranges::find(kPairs, op, &Pair::real);
  return pair == kPairs.end() ? std::nullopt : std::optional(pair->quantised);
}

std::vector<InputCodes> input_codes_from(const Attrs& attrs, size_t inputs) {
  const std::vector<float> scales = attrs.floats("input_scales");
  const std::vector<int64_t> zero_points = attrs.ints("input_zero_points");
  TWOFOUR_CHECK(scales.size() == inputs && zero_points.size() == inputs, kInvalidArgument,
                "there are {} input_scales and {} input_zero_points for {} inputs", scales.size(),
                zero_points.size(), inputs);
  std::vector<InputCodes> codes;
  for (size_t i = 0; i < inputs; ++i) {
    check_scale_value(scales[i], fmt::format("scale {}", i));
    codes.push_back({scales[i], zero_points[i]});
  }
  return codes;
}

void set_input_codes(Attrs& attrs, const std::vector<InputCodes>& codes) {
  std::vector<float> scales;
  std::vector<int64_t> zero_points;
  for (const InputCodes& input : codes) {
    scales.push_back(input.scale);
    zero_points.push_back(input.zero_point);
  }
  attrs.set("input_scales", std::move(scales));
  attrs.set("input_zero_points", std::move(zero_points));
}

extern const OpDef kQuantizedAdd;
const OpDef kQuantizedAdd =
    quantised<0>("dst = activation(a + b), of and as codes.", {{"a"}, {"b"}}, {}, binary_examples());
extern const OpDef kQuantizedAveragePool;
const OpDef kQuantizedAveragePool = quantised<1>(
    "dst = activation(AveragePool(src)), of and as codes.", {{"src"}},
    {"auto_pad", "ceil_mode", "count_include_pad", "dilations", "kernel_shape", "pads", "strides"},
    {{.inputs = {code_input(DType::kU8, {1, 3, 6, 7})},
      .attrs = with_output_codes(with_input_codes({{"kernel_shape", std::vector<int64_t>{3, 2}},
                                                   {"strides", std::vector<int64_t>{2, 2}},
                                                   {"pads", std::vector<int64_t>{1, 0, 1, 1}}},
                                                  {{0.02F, 7}}),
                                 {DType::kU8, 0.03F, 11})},
     {.inputs = {code_input(DType::kI8, {2, 16, 5, 5})},
      .attrs = with_output_codes(with_input_codes({{"kernel_shape", std::vector<int64_t>{3, 3}},
                                                   {"pads", std::vector<int64_t>{1, 1, 1, 1}},
                                                   {"count_include_pad", int64_t{1}}},
                                                  {{0.02F, -7}}),
                                 {DType::kI8, 0.02F, -7})}});
extern const OpDef kQuantizedGlobalAveragePool;
const OpDef kQuantizedGlobalAveragePool = quantised<2>(
    "dst = activation(GlobalAveragePool(src)), of and as codes.", {{"src"}}, {},
    {{.inputs = {code_input(DType::kU8, {2, 20, 7, 7})},
      .attrs = with_output_codes(with_input_codes({}, {{0.02F, 7}}), {DType::kU8, 0.01F, 11})},
     {.inputs = {code_input(DType::kI8, {1, 5, 3, 4})}, .attrs = with_input_codes({}, {{0.02F, -100}})}});
extern const OpDef kQuantizedMul;
const OpDef kQuantizedMul =
    quantised<3>("dst = activation(a * b), of and as codes.", {{"a"}, {"b"}}, {}, binary_examples());

}  // namespace twofour::ops
