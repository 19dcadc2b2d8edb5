// MatMulInteger: a product of 8-bit codes, summed in 32 bits.
#include "ops/builder.h"
#include "ops/linear/matrix_product.h"
#include "ops/quantisation/example_inputs.h"
#include "ops/quantisation/quantize.h"

namespace twofour::ops {
namespace {

const Dim kOneRow(1);

/// The size that a zero point of one input may have: a's rows, b's columns.
const Dim& channels_of(const Value* matrix, bool left) {
  const Dims& dims = matrix->dims();
  if (left) return dims.size() < 2 ? kOneRow : dims[dims.size() - 2];
  return dims.size() < 2 ? kOneRow : dims.back();
}
size_t channel_axis(const Shape& shape, bool left) {
  return shape.rank() - (left && shape.rank() > 1 ? 2 : 1);
}

void infer(const Node& node, std::span<ValueType> outputs) {
  for (size_t i = 0; i < 2; ++i) {
    const Value* matrix = node.input(i);
    check_bytes(matrix->type(), i == 0 ? "a" : "b");
    if (const Value* zero_point = node.input(i + 2); zero_point && matrix->rank() > 0)
      check_zero_point(zero_point->type(), matrix->dtype(), &channels_of(matrix, i == 0),
                       i == 0 ? "a_zero_point" : "b_zero_point");
  }
  outputs[0].dtype = DType::kI32;
  outputs[0].dims = matmul_dims(node.input(0)->type(), node.input(1)->type());
}

void reference(const ReferenceArgs& args) {
  const Tensor& a = args.inputs[0];
  const Tensor& b = args.inputs[1];
  const std::vector<int32_t> left = centred(a, input_or_none(args, 2), channel_axis(a.shape(), true));
  const std::vector<int32_t> right = centred(b, input_or_none(args, 3), channel_axis(b.shape(), false));
  const auto dst = args.outputs[0].span<int32_t>();
  for_each_matmul_row(a.shape(), left.data(), b.shape(), right.data(),
                      [&](int64_t begin, int64_t, const std::vector<uint64_t>& sums) {
                        std::ranges::transform(sums, dst.begin() + begin,
                                               [](uint64_t sum) { return static_cast<int32_t>(sum); });
                      });
}

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
    .infer = infer,
    .reference = reference,
    .grad = not_differentiable("codes are not numbers to differentiate by"),
    .amp = Amp::kFixed,
    .quant = quant_float("works on codes already"),
    .sparsity = no_sparsity(),
    .examples = {{.inputs = {code_input(DType::kU8, {4, 3}), code_input(DType::kI8, {3, 2}),
                             code_input(DType::kU8, {}), weight_codes({2})}},
                 {.inputs = {code_input(DType::kI8, {2, 4, 3}), code_input(DType::kI8, {3}),
                             code_input(DType::kI8, {4})}},
                 {.inputs = {code_input(DType::kU8, {2, 3}), code_input(DType::kU8, {3, 2})}}},
};

}  // namespace twofour::ops
