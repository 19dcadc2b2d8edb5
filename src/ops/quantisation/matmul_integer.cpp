// MatMulInteger and QLinearMatMul: products of 8-bit codes, summed in 32 bits.
#include "ops/builder.h"
#include "ops/domain.h"
#include "ops/linear/matrix_product.h"
#include "ops/quantisation/quantize.h"

namespace twofour::ops {
namespace {

const Dim kOneRow(1);

/// The size that a zero point or scale of one input may have: a's rows, b's columns.
const Dim& channels_of(const Value* matrix, bool left) {
  const Dims& dims = matrix->dims();
  if (left) return dims.size() < 2 ? kOneRow : dims[dims.size() - 2];
  return dims.size() < 2 ? kOneRow : dims.back();
}
size_t channel_axis(const Shape& shape, bool left) {
  return shape.rank() - (left && shape.rank() > 1 ? 2 : 1);
}

void infer_integer(const Node& node, std::span<ValueType> outputs) {
  for (size_t i = 0; i < 2; ++i) {
    const Value* matrix = node.input(i);
    check_bytes(matrix->type(), i == 0 ? "a" : "b");
    if (const Value* zero_point = node.input(i + 2); zero_point && matrix->rank() > 0)
      check_zero_point(zero_point->type(), matrix->dtype(), &channels_of(matrix, i == 0),
                       i == 0 ? "a_zero_point" : "b_zero_point");
  }
  outputs[0] = {DType::kI32, matmul_dims(node.input(0)->type(), node.input(1)->type())};
}

/// Calls fn(element of dst, row, column, sum) for every element of the product of the centred codes.
template <typename Fn>
void multiply(const Tensor& a, const Tensor& a_zero, const Tensor& b, const Tensor& b_zero, Fn&& fn) {
  const std::vector<int32_t> left = centred(a, a_zero, channel_axis(a.shape(), true));
  const std::vector<int32_t> right = centred(b, b_zero, channel_axis(b.shape(), false));
  for_each_matmul_row(a.shape(), left.data(), b.shape(), right.data(),
                      [&](int64_t begin, int64_t m, const std::vector<uint64_t>& sums) {
                        for (size_t n = 0; n < sums.size(); ++n)
                          fn(static_cast<size_t>(begin) + n, m, static_cast<int64_t>(n),
                             static_cast<int32_t>(sums[n]));
                      });
}

void reference_integer(const ReferenceArgs& args) {
  const auto dst = args.outputs[0].span<int32_t>();
  multiply(args.inputs[0], input_or_none(args, 2), args.inputs[1], input_or_none(args, 3),
           [&](size_t i, int64_t, int64_t, int32_t sum) { dst[i] = sum; });
}

// a, its scale, its zero point; b and its; then scale and zero point of dst.
void infer_linear(const Node& node, std::span<ValueType> outputs) {
  for (size_t i = 0; i < 6; i += 3) {
    const Value* matrix = node.input(i);
    const std::string_view name = i == 0 ? "a" : "b";
    check_codes(matrix->type(), name);
    TWOFOUR_CHECK(matrix->rank() > 0, kInvalidArgument, "{} is a scalar", name);
    const Dim& channels = channels_of(matrix, i == 0);
    check_scale(node.input(i + 1)->type(), &channels, fmt::format("{}_scale", name));
    check_zero_point(node.input(i + 2)->type(), matrix->dtype(), &channels,
                     fmt::format("{}_zero_point", name));
  }
  const DType codes = node.input(7)->dtype();
  check_scale(node.input(6)->type(), nullptr, "dst_scale");
  check_zero_point(node.input(7)->type(), codes, nullptr, "dst_zero_point");
  outputs[0] = {codes, matmul_dims(node.input(0)->type(), node.input(3)->type())};
  check_codes(outputs[0], "dst");
}

void reference_linear(const ReferenceArgs& args) {
  const std::vector<double> a_scale = to_doubles(args.inputs[1]);
  const std::vector<double> b_scale = to_doubles(args.inputs[4]);
  const double scale = to_doubles(args.inputs[6])[0];
  const double zero_point = to_doubles(args.inputs[7])[0];
  dispatch_codes(args.outputs[0].dtype(), [&]<typename T>(T) {
    const auto dst = args.outputs[0].span<T>();
    multiply(args.inputs[0], args.inputs[2], args.inputs[3], args.inputs[5],
             [&](size_t i, int64_t m, int64_t n, int32_t sum) {
               const double value = sum * of_channel(a_scale, m) * of_channel(b_scale, n);
               dst[i] = saturated<T>(value / scale, zero_point);
             });
  });
}

ExampleInput codes(DType dtype, Shape shape, bool constant = false) {
  return {.dtype = dtype,
          .shape = std::move(shape),
          .low = dtype == DType::kU8 ? 0.0F : -99.0F,
          .high = 99,
          .constant = constant};
}
ExampleInput scale(Shape shape) { return {.shape = std::move(shape), .low = 0.01F, .high = 0.1F}; }

}  // namespace

extern const OpDef kMatMulInteger;
const OpDef kMatMulInteger = {
    .name = "MatMulInteger",
    .doc =
        "dst = (a - a_zero_point) * (b - b_zero_point) in i32; zero points may be one per row of a, column "
        "of b.",
    .inputs = {{"a"},
               {"b"},
               {.name = "a_zero_point", .optional = true, .state = true},
               {.name = "b_zero_point", .optional = true, .state = true}},
    .outputs = {{"dst"}},
    .infer = infer_integer,
    .reference = reference_integer,
    .grad = not_differentiable("codes are not numbers to differentiate by"),
    .amp = Amp::kFixed,
    .quant = quant_float("works on codes already"),
    .sparsity = no_sparsity(),
    .examples = {{.inputs = {codes(DType::kU8, {4, 3}), codes(DType::kI8, {3, 2}), codes(DType::kU8, {}),
                             codes(DType::kI8, {2}, true)}},
                 {.inputs = {codes(DType::kI8, {2, 4, 3}), codes(DType::kI8, {3}), codes(DType::kI8, {4})}},
                 {.inputs = {codes(DType::kU8, {2, 3}), codes(DType::kU8, {3, 2})}}},
};

extern const OpDef kQLinearMatMul;
const OpDef kQLinearMatMul = {
    .name = "QLinearMatMul",
    .doc = "dst = the codes of a * b, each side with its scale and zero point.",
    .inputs = {{"a"},
               {.name = "a_scale", .state = true, .domain = positive_numbers},
               {.name = "a_zero_point", .state = true},
               {"b"},
               {.name = "b_scale", .state = true, .domain = positive_numbers},
               {.name = "b_zero_point", .state = true},
               {.name = "dst_scale", .state = true, .domain = positive_numbers},
               {.name = "dst_zero_point", .state = true}},
    .outputs = {{"dst"}},
    .infer = infer_linear,
    .reference = reference_linear,
    .grad = not_differentiable("codes are not numbers to differentiate by"),
    .amp = Amp::kFixed,
    .quant = quant_float("works on codes already"),
    .sparsity = no_sparsity(),
    .examples = {{.inputs = {codes(DType::kU8, {3, 4}), scale({}), codes(DType::kU8, {}),
                             codes(DType::kU8, {4, 2}), scale({}), codes(DType::kU8, {}), scale({}),
                             codes(DType::kU8, {})}},
                 {.inputs = {codes(DType::kI8, {2, 3, 4}), scale({3}), codes(DType::kI8, {3}),
                             codes(DType::kI8, {4, 2}), scale({2}), codes(DType::kI8, {2}), scale({1}),
                             codes(DType::kI8, {1})}}},
};

}  // namespace twofour::ops
