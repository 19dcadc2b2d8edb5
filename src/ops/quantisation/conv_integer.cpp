// ConvInteger: a convolution of 8-bit codes, summed in 32 bits. Padding holds the zero point.
#include "ops/builder.h"
#include "ops/convolution/conv_product.h"
#include "ops/quantisation/example_inputs.h"
#include "ops/quantisation/quantize.h"

namespace twofour::ops {
namespace {

void infer(const Node& node, std::span<ValueType> outputs) {
  const ValueType& src = node.input(0)->type();
  const ValueType& weight = node.input(1)->type();
  check_bytes(src, "src");
  check_bytes(weight, "weight");
  outputs[0].dtype = DType::kI32;
  outputs[0].dims = infer_conv(node.attrs(), src, weight);
  if (const Value* zero_point = node.input(2))
    check_zero_point(zero_point->type(), src.dtype, nullptr, "src_zero_point");
  if (const Value* zero_point = node.input(3))
    check_zero_point(zero_point->type(), weight.dtype, &weight.dims[0], "weight_zero_point");
}

void reference(const ReferenceArgs& args) {
  const Conv3d v = conv3d_from(args.attrs, args.inputs[0].shape(), args.inputs[1].shape());
  const std::vector<int32_t> image = centred(args.inputs[0], input_or_none(args, 2), 1);
  const std::vector<int32_t> filters = centred(args.inputs[1], input_or_none(args, 3), 0);
  std::vector<int64_t> sums(static_cast<size_t>(args.outputs[0].numel()));
  for_each_product(
      v, [&](size_t from, size_t tap, size_t to) { sums[to] += int64_t{image[from]} * filters[tap]; });
  std::ranges::transform(sums, args.outputs[0].span<int32_t>().begin(),
                         [](int64_t sum) { return static_cast<int32_t>(sum); });
}

}  // namespace

extern const OpDef kConvInteger;
const OpDef kConvInteger = {
    .name = "ConvInteger",
    .doc = "dst = Conv(src - src_zero_point, weight - weight_zero_point) in i32.",
    .inputs = {{"src"},
               {.name = "weight", .row_major = true},
               {.name = "src_zero_point", .optional = true, .state = true},
               {.name = "weight_zero_point", .optional = true, .state = true}},
    .outputs = {{"dst"}},
    .attrs = {"auto_pad", "dilations", "group", "kernel_shape", "pads", "strides"},
    .infer = infer,
    .reference = reference,
    .grad = not_differentiable("codes are not numbers to differentiate by"),
    .amp = Amp::kFixed,
    .quant = quant_float("works on codes already"),
    .sparsity = no_sparsity(),
    .examples = {{.inputs = {code_input(DType::kU8, {1, 2, 5, 4}), code_input(DType::kI8, {3, 2, 3, 2}),
                             code_input(DType::kU8, {}), code_input(DType::kI8, {3})},
                  .attrs = {{"pads", std::vector<int64_t>{1, 1, 0, 1}}}},
                 {.inputs = {code_input(DType::kI8, {2, 4, 5}), code_input(DType::kI8, {2, 2, 3})},
                  .attrs = {{"group", int64_t{2}}, {"strides", std::vector<int64_t>{2}}}}},
};

}  // namespace twofour::ops
