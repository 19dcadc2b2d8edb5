// DynamicQuantizeLSTM, of the domain com.microsoft. W [dirs,4*hidden,input] and R [dirs,4*hidden,hidden] are
// codes with a scale and a zero point each, one for each direction [dirs] or one for each of its rows
// [dirs,4*hidden].
#include "ops/domain.h"
#include "ops/infer.h"
#include "ops/quantisation/example_inputs.h"
#include "ops/quantisation/quantize.h"
#include "ops/recurrent/recurrent.h"

namespace twofour::ops {
namespace {

constexpr size_t kX = 0, kW = 1, kR = 2;
/// Scale and zero point of W and R.
constexpr size_t kWScale = 8, kRScale = 10;

void check_weight(const Node& node, size_t input, size_t scale) {
  const auto type = [&](size_t i) -> const ValueType& { return node.input(i)->type(); };
  const auto name = [&](size_t i) { return get_op(node.op()).inputs[i].name; };
  check_bytes(type(input), name(input));
  check_dtype(type(scale), DType::kF32, name(scale));
  check_dtype(type(scale + 1), type(input).dtype, name(scale + 1));
  for (const size_t i : {scale, scale + 1}) {
    Dims dims = type(input).dims;
    dims.resize(type(i).dims.size() == 1 ? 1 : 2);
    check_dims(type(i), dims, name(i));
  }
}

void infer(const Node& node, std::span<ValueType> outputs) {
  check_dtype(node.input(kX)->type(), DType::kF32, "X");
  infer_recurrent(node, outputs, 4);
  check_weight(node, kW, kWScale);
  check_weight(node, kR, kRScale);
}

/// Every value as the nearest of the 256 codes that cover the range of all and 0, as DynamicQuantizeLinear
/// chooses them.
void round_to_codes(std::span<double> values) {
  float low = 0;
  float high = 0;
  for (const double v : values) {
    low = std::min(low, static_cast<float>(v));
    high = std::max(high, static_cast<float>(v));
  }
  const ByteCodes codes(low, high);
  for (double& v : values) v = double{codes.scale} * (codes.code(static_cast<float>(v)) - codes.zero_point);
}

Tensor rounded(const Tensor& x) {
  Tensor values = x.to(DType::kF64).clone();
  round_to_codes(values.span<double>());
  return values;
}

/// What the codes of a weight stand for.
Tensor real_weight(const ReferenceArgs& args, size_t input, size_t scale_input) {
  Tensor values = args.inputs[input].to(DType::kF64).clone();
  const std::vector<double> scale = to_doubles(args.inputs[scale_input]);
  const std::vector<double> zero_point = to_doubles(args.inputs[scale_input + 1]);
  const auto of_row = [&](const std::vector<double>& parts, int64_t row) {
    const int64_t rows = values.shape()[0] * values.shape()[1];
    return parts[static_cast<size_t>(row * static_cast<int64_t>(parts.size()) / rows)];
  };
  const int64_t columns = values.shape()[2];
  for (int64_t i = 0; i < values.numel(); ++i) {
    double& value = values.span<double>()[static_cast<size_t>(i)];
    value = (value - of_row(zero_point, i / columns)) * of_row(scale, i / columns);
  }
  return values;
}

void cell(const RecurrentWeights& v, const Attrs& attrs, std::span<const double> x, std::span<double> h,
          std::span<double> c) {
  round_to_codes(h);
  lstm_cell(v, attrs, x, h, c);
}

void reference(const ReferenceArgs& args) {
  std::vector<Tensor> inputs(args.inputs.begin(), args.inputs.begin() + kWScale);
  inputs[kX] = rounded(args.inputs[kX]);
  inputs[kW] = real_weight(args, kW, kWScale);
  inputs[kR] = real_weight(args, kR, kRScale);
  run_recurrent({args.attrs, inputs, args.outputs}, 4, default_recurrent_activations("LSTM"), cell);
}

OpDef with_codes(OpDef op) {
  for (const std::string_view name : {"W_scale", "W_zero_point", "R_scale", "R_zero_point"})
    op.inputs.push_back({.name = name, .state = true});
  op.inputs[kW].domain = op.inputs[kR].domain = all_codes;
  op.inputs[kWScale].domain = op.inputs[kRScale].domain = small_scales;
  return op;
}

ExampleInput scales(Shape shape) { return constant_input(std::move(shape), 0.002F, 0.004F); }
ExampleInput zero_points(DType dtype, std::vector<float> values) {
  return {.dtype = dtype,
          .shape = {static_cast<int64_t>(values.size())},
          .values = std::move(values),
          .constant = true};
}

}  // namespace

extern const OpDef kDynamicQuantizeLSTM;
const OpDef kDynamicQuantizeLSTM = with_codes(with_cell_state({
    .name = "DynamicQuantizeLSTM",
    .doc =
        "LSTM on codes: X in u8 codes of its range, the hidden state of every step and item in u8 codes of "
        "its own, W and R as (code - zero_point) * scale.",
    .standard = false,
    .inputs = recurrent_inputs(),
    .outputs = {{.name = "Y", .optional = true}, {.name = "Y_h", .optional = true}},
    .attrs = recurrent_attrs(),
    .infer = infer,
    .reference = reference,
    .grad = not_differentiable("codes are not numbers to differentiate by"),
    .amp = Amp::kFixed,
    .quant = quant_float("works on codes already"),
    .sparsity = no_sparsity(),
    .examples = {{.inputs = {{.shape = {3, 2, 4}},
                             weight_codes({1, 12, 4}),
                             weight_codes({1, 12, 3}),
                             constant_input({1, 24}, -1, 1),
                             {.absent = true},
                             {.absent = true},
                             {.absent = true},
                             {.absent = true},
                             scales({1}),
                             zero_points(DType::kI8, {0}),
                             scales({1}),
                             zero_points(DType::kI8, {-3})},
                  .attrs = {{"direction", std::string("reverse")}},
                  .num_outputs = 3},
                 {.inputs = {{.shape = {2, 2, 5}},
                             code_input(DType::kU8, {2, 12, 5}),
                             code_input(DType::kU8, {2, 12, 3}),
                             {.absent = true},
                             {.dtype = DType::kI32, .shape = {2}, .values = {2, 1}},
                             {.shape = {2, 2, 3}},
                             {.shape = {2, 2, 3}},
                             {.shape = {2, 9}},
                             scales({2, 12}),
                             {.dtype = DType::kU8, .shape = {2, 12}, .low = 110, .high = 140},
                             scales({2}),
                             zero_points(DType::kU8, {128, 120})},
                  .attrs = {{"direction", std::string("bidirectional")}, {"hidden_size", int64_t{3}}},
                  .num_outputs = 3}},
}));

}  // namespace twofour::ops
