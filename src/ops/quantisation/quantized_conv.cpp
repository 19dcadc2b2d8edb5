// QuantizedConv: FusedConv of codes, made by the pass `quantise`.
#include "ops/builder.h"
#include "ops/convolution/conv_product.h"
#include "ops/domain.h"
#include "ops/quantisation/example_inputs.h"
#include "ops/quantisation/fused_product.h"
#include "ops/quantisation/quantize.h"

namespace twofour::ops {
namespace {

void infer(const Node& node, std::span<ValueType> outputs) {
  const ValueType& src = node.input(0)->type();
  const ValueType& weight = node.input(1)->type();
  check_bytes(src, "src");
  check_dtype(weight, DType::kI8, "weight");
  outputs[0].dtype = output_codes_from(node.attrs()).dtype;
  outputs[0].dims = infer_conv(node.attrs(), src, weight);
  check_fused_product(node, weight.dims[0], outputs[0]);
  if (const Value* zero_point = node.input(5))
    check_zero_point(zero_point->type(), src.dtype, nullptr, "src_zero_point");
}

void reference(const ReferenceArgs& args) {
  const Conv3d v = conv3d_from(args.attrs, args.inputs[0].shape(), args.inputs[1].shape());
  const std::vector<int32_t> image = centred(args.inputs[0], input_or_none(args, 5), 1);
  const auto filters = args.inputs[1].span<int8_t>();
  std::vector<int64_t> sums(static_cast<size_t>(args.outputs[0].numel()));
  for_each_product(
      v, [&](size_t from, size_t tap, size_t to) { sums[to] += int64_t{image[from]} * filters[tap]; });
  finish_fused_product(args, sums, v.k, v.out[0] * v.out[1] * v.out[2]);
}

size_t sparsity_axis(const Node&) { return 1; }

}  // namespace

extern const OpDef kQuantizedConv;
const OpDef kQuantizedConv = {
    .name = "QuantizedConv",
    .doc =
        "dst = activation(Conv(src - src_zero_point, weight) * scale + bias + residual), as f32 or as codes; "
        "the "
        "sums are exact integers, scale and bias one for each channel; activation as FusedConv's.",
    .standard = false,
    .inputs = {{.name = "src", .domain = all_codes},
               {.name = "weight", .weight = true, .row_major = true, .domain = all_codes},
               {.name = "scale", .state = true, .domain = small_scales},
               {.name = "bias", .optional = true},
               {.name = "residual", .optional = true, .domain = all_codes},
               {.name = "src_zero_point", .optional = true, .state = true}},
    .outputs = {{"dst"}},
    .attrs = {"activation", "activation_offset", "activation_slope", "auto_pad", "clip_high", "clip_low",
              "dilations", "group", "kernel_shape", "output_dtype", "output_scale", "output_zero_point",
              "pads", "residual_scale", "residual_zero_point", "strides"},
    .infer = infer,
    .reference = reference,
    .grad = not_differentiable("codes are not numbers to differentiate by"),
    .amp = Amp::kFixed,
    .quant = quant_float("works on codes already"),
    .sparsity = {1, sparsity_axis},
    .examples = {{.inputs = {code_input(DType::kU8, {1, 3, 7, 6}),
                             weight_codes({5, 3, 3, 3}),
                             constant_input({5}, -0.002F, -0.001F),
                             constant_input({5}, -1, 1),
                             {.absent = true},
                             zero_point_input(DType::kU8, 117)},
                  .attrs = with_output_codes(
                      {{"pads", std::vector<int64_t>{1, 1, 1, 1}}, {"activation", std::string("relu")}},
                      {DType::kU8, 0.05F, 0})},
                 {.inputs = {code_input(DType::kU8, {2, 16, 5, 7}), weight_codes({32, 16, 1, 1}),
                             unit_scale({32}), constant_input({32}, -1, 1),
                             code_input(DType::kU8, {2, 32, 5, 7}), zero_point_input(DType::kU8, 0)},
                  .attrs = with_output_codes({{"activation", std::string("relu")},
                                              {"residual_scale", 0.02F},
                                              {"residual_zero_point", int64_t{100}}},
                                             {DType::kU8, 0.04F, 0})},
                 {.inputs = {code_input(DType::kI8, {1, 8, 9, 9}),
                             weight_codes({8, 1, 3, 3}),
                             unit_scale({1}),
                             {.absent = true},
                             {.absent = true},
                             zero_point_input(DType::kI8, -5)},
                  .attrs = with_output_codes({{"group", int64_t{8}},
                                              {"strides", std::vector<int64_t>{2, 2}},
                                              {"pads", std::vector<int64_t>{1, 1, 1, 1}}},
                                             {DType::kI8, 0.03F, -3})},
                 {.inputs = {code_input(DType::kI8, {1, 8, 6}), weight_codes({6, 4, 3}), unit_scale({6}),
                             constant_input({6}, -1, 1)},
                  .attrs = {{"group", int64_t{2}}, {"activation", std::string("hard_swish")}}},
                 {.inputs = {code_input(DType::kU8, {1, 20, 4, 5}),
                             weight_codes({24, 20, 3, 3}),
                             unit_scale({24}),
                             constant_input({24}, -1, 1),
                             {.shape = {1, 24, 4, 5}},
                             zero_point_input(DType::kU8, 128)},
                  .attrs = {{"pads", std::vector<int64_t>{1, 1, 1, 1}}, {"activation", std::string("relu")}}},
                 {.inputs = {code_input(DType::kU8, {1, 16, 6, 6}),
                             weight_codes({16, 16, 3, 3}),
                             unit_scale({16}),
                             constant_input({16}, -1, 1),
                             {.absent = true},
                             zero_point_input(DType::kU8, 30)},
                  .attrs = with_output_codes({{"activation", std::string("swish")},
                                              {"activation_slope", 1.0F},
                                              {"dilations", std::vector<int64_t>{2, 2}}},
                                             {DType::kU8, 0.02F, 14})},
                 {.inputs = {code_input(DType::kU8, {1, 4, 5, 4}),
                             {.dtype = DType::kI8, .shape = {3, 4, 3, 3}, .low = -99, .high = 99},
                             {.shape = {}, .low = 0.001F, .high = 0.002F},
                             {.absent = true},
                             {.absent = true},
                             {.dtype = DType::kU8, .shape = {}, .low = 0, .high = 255}}}},
};

}  // namespace twofour::ops
