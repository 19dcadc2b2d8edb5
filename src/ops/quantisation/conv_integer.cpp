// ConvInteger and QLinearConv: convolutions of 8-bit codes, summed in 32 bits. Padding holds the zero point.
#include "ops/builder.h"
#include "ops/convolution/conv_product.h"
#include "ops/domain.h"
#include "ops/quantisation/quantize.h"

namespace twofour::ops {
namespace {

/// The dims of dst; src and weight are the inputs 0 and `weight_input`.
Dims checked_dims(const Node& node, size_t weight_input) {
  const ValueType& src = node.input(0)->type();
  const ValueType& weight = node.input(weight_input)->type();
  check_bytes(src, "src");
  check_bytes(weight, "weight");
  return infer_conv(node.attrs(), src, weight);
}

void infer_integer(const Node& node, std::span<ValueType> outputs) {
  outputs[0].dtype = DType::kI32;
  outputs[0].dims = checked_dims(node, 1);
  if (const Value* zero_point = node.input(2))
    check_zero_point(zero_point->type(), node.input(0)->dtype(), nullptr, "src_zero_point");
  if (const Value* zero_point = node.input(3))
    check_zero_point(zero_point->type(), node.input(1)->dtype(), &node.input(1)->dims()[0],
                     "weight_zero_point");
}

/// Calls fn(element of dst, channel, sum) for every element of the convolution of the centred codes.
template <typename Fn>
void convolve(const Attrs& attrs, const Tensor& src, const Tensor& src_zero, const Tensor& weight,
              const Tensor& weight_zero, Fn&& fn) {
  const Conv3d v = conv3d_from(attrs, src.shape(), weight.shape());
  const std::vector<int32_t> image = centred(src, src_zero, 1);
  const std::vector<int32_t> filters = centred(weight, weight_zero, 0);
  const int64_t per_channel = v.out[0] * v.out[1] * v.out[2];
  std::vector<int64_t> sums(static_cast<size_t>(v.n * v.k * per_channel));
  for_each_product(
      v, [&](size_t from, size_t tap, size_t to) { sums[to] += int64_t{image[from]} * filters[tap]; });
  for (size_t i = 0; i < sums.size(); ++i)
    fn(i, static_cast<int64_t>(i) / per_channel % v.k, static_cast<int32_t>(sums[i]));
}

void reference_integer(const ReferenceArgs& args) {
  const auto dst = args.outputs[0].span<int32_t>();
  convolve(args.attrs, args.inputs[0], input_or_none(args, 2), args.inputs[1], input_or_none(args, 3),
           [&](size_t i, int64_t, int32_t sum) { dst[i] = sum; });
}

// src, its scale, its zero point; weight and its; scale and zero point of dst; bias.
void infer_linear(const Node& node, std::span<ValueType> outputs) {
  outputs[0] = {node.input(7)->dtype(), checked_dims(node, 3)};
  const Dim& k = node.input(3)->dims()[0];
  check_scale(node.input(1)->type(), nullptr, "src_scale");
  check_zero_point(node.input(2)->type(), node.input(0)->dtype(), nullptr, "src_zero_point");
  check_scale(node.input(4)->type(), &k, "weight_scale");
  check_zero_point(node.input(5)->type(), node.input(3)->dtype(), &k, "weight_zero_point");
  check_bytes(outputs[0], "dst");
  check_scale(node.input(6)->type(), nullptr, "dst_scale");
  check_zero_point(node.input(7)->type(), outputs[0].dtype, nullptr, "dst_zero_point");
  if (const Value* bias = node.input(8)) {
    check_dtype(bias->type(), DType::kI32, "bias");
    check_dims(bias->type(), {k}, "bias");
  }
}

void reference_linear(const ReferenceArgs& args) {
  const std::vector<double> weight_scale = to_doubles(args.inputs[4]);
  const double ratio = to_doubles(args.inputs[1])[0] / to_doubles(args.inputs[6])[0];
  const double zero_point = to_doubles(args.inputs[7])[0];
  const std::vector<double> bias = to_doubles(input_or_none(args, 8));
  dispatch_codes(args.outputs[0].dtype(), [&]<typename T>(T) {
    const auto dst = args.outputs[0].span<T>();
    convolve(args.attrs, args.inputs[0], args.inputs[2], args.inputs[3], args.inputs[5],
             [&](size_t i, int64_t k, int32_t sum) {
               const double value = (sum + of_channel(bias, k)) * of_channel(weight_scale, k);
               dst[i] = saturated<T>(value * ratio, zero_point);
             });
  });
}

ExampleInput codes(DType dtype, Shape shape) {
  return {.dtype = dtype, .shape = std::move(shape), .low = dtype == DType::kU8 ? 0.0F : -99.0F, .high = 99};
}
ExampleInput scale(Shape shape) { return {.shape = std::move(shape), .low = 0.01F, .high = 0.1F}; }

const std::vector<std::string_view>& conv_attrs() {
  static const std::vector<std::string_view> names = {"auto_pad",     "dilations", "group",
                                                      "kernel_shape", "pads",      "strides"};
  return names;
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
    .attrs = conv_attrs(),
    .infer = infer_integer,
    .reference = reference_integer,
    .grad = not_differentiable("codes are not numbers to differentiate by"),
    .amp = Amp::kFixed,
    .quant = quant_float("works on codes already"),
    .sparsity = no_sparsity(),
    .examples = {{.inputs = {codes(DType::kU8, {1, 2, 5, 4}), codes(DType::kI8, {3, 2, 3, 2}),
                             codes(DType::kU8, {}), codes(DType::kI8, {3})},
                  .attrs = {{"pads", std::vector<int64_t>{1, 1, 0, 1}}}},
                 {.inputs = {codes(DType::kI8, {2, 4, 5}), codes(DType::kI8, {2, 2, 3})},
                  .attrs = {{"group", int64_t{2}}, {"strides", std::vector<int64_t>{2}}}}},
};

extern const OpDef kQLinearConv;
const OpDef kQLinearConv = {
    .name = "QLinearConv",
    .doc = "dst = the codes of Conv(src, weight, bias), each tensor with its scale and zero point.",
    .inputs = {{"src"},
               {.name = "src_scale", .state = true, .domain = positive_numbers},
               {.name = "src_zero_point", .state = true},
               {.name = "weight", .row_major = true},
               {.name = "weight_scale", .state = true, .domain = positive_numbers},
               {.name = "weight_zero_point", .state = true},
               {.name = "dst_scale", .state = true, .domain = positive_numbers},
               {.name = "dst_zero_point", .state = true},
               {.name = "bias", .optional = true, .state = true}},
    .outputs = {{"dst"}},
    .attrs = conv_attrs(),
    .infer = infer_linear,
    .reference = reference_linear,
    .grad = not_differentiable("codes are not numbers to differentiate by"),
    .amp = Amp::kFixed,
    .quant = quant_float("works on codes already"),
    .sparsity = no_sparsity(),
    .examples = {{.inputs = {codes(DType::kU8, {1, 2, 5, 4}),
                             scale({}),
                             codes(DType::kU8, {}),
                             codes(DType::kI8, {3, 2, 3, 2}),
                             scale({3}),
                             codes(DType::kI8, {3}),
                             scale({}),
                             codes(DType::kU8, {}),
                             {.dtype = DType::kI32, .shape = {3}, .low = -99, .high = 99}},
                  .attrs = {{"pads", std::vector<int64_t>{1, 1, 0, 1}}}},
                 {.inputs = {codes(DType::kI8, {2, 4, 5}), scale({}), codes(DType::kI8, {}),
                             codes(DType::kI8, {2, 2, 3}), scale({}), codes(DType::kI8, {}), scale({}),
                             codes(DType::kI8, {})},
                  .attrs = {{"group", int64_t{2}}, {"strides", std::vector<int64_t>{2}}}}},
};

}  // namespace twofour::ops
