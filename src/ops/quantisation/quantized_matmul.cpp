// QuantizedMatMul: a product of codes with what follows it, made by the pass `quantise`.
#include "ops/builder.h"
#include "ops/domain.h"
#include "ops/linear/matrix_product.h"
#include "ops/quantisation/example_inputs.h"
#include "ops/quantisation/fused_product.h"
#include "ops/quantisation/quantize.h"

namespace twofour::ops {
namespace {

bool trans_b(const Attrs& attrs) { return attrs.i("transB", 0) != 0; }

template <typename Sizes>
Sizes swapped(Sizes sizes, bool swap) {
  if (swap) std::swap(sizes[sizes.size() - 2], sizes[sizes.size() - 1]);
  return sizes;
}

void infer(const Node& node, std::span<ValueType> outputs) {
  const ValueType& a = node.input(0)->type();
  ValueType b = node.input(1)->type();
  check_bytes(a, "a");
  check_bytes(b, "b");
  TWOFOUR_CHECK(a.dims.size() >= 2 && b.dims.size() >= 2, kInvalidArgument,
                "a and b are {} and {}; both must be matrices", a.to_string(), b.to_string());
  b.dims = swapped(b.dims, trans_b(node.attrs()));
  outputs[0].dtype = output_codes_from(node.attrs()).dtype;
  outputs[0].dims = matmul_dims(a, b);
  check_fused_product(node, b.dims.back(), outputs[0]);
  for (size_t i = 0; i < 2; ++i)
    if (const Value* zero_point = node.input(5 + i))
      check_zero_point(zero_point->type(), node.input(i)->dtype(), nullptr,
                       i == 0 ? "a_zero_point" : "b_zero_point");
}

/// b - its zero point as [..., K, N].
std::pair<Shape, std::vector<int32_t>> right_side(const ReferenceArgs& args) {
  const Tensor& b = args.inputs[1];
  std::vector<int32_t> values = centred(b, input_or_none(args, 6), 0);
  if (!trans_b(args.attrs)) return {b.shape(), std::move(values)};
  const Shape shape(swapped(b.shape().dims(), true));
  const int64_t k = shape[shape.rank() - 2], n = shape[shape.rank() - 1];
  std::vector<int32_t> turned(values.size());
  for (int64_t i = 0; i < shape.numel(); ++i)
    turned[static_cast<size_t>(i)] = values[static_cast<size_t>(i / (k * n) * k * n + i % n * k + i / n % k)];
  return {shape, std::move(turned)};
}

void reference(const ReferenceArgs& args) {
  const std::vector<int32_t> left = centred(args.inputs[0], input_or_none(args, 5), 0);
  const auto [shape, right] = right_side(args);
  std::vector<int64_t> sums(static_cast<size_t>(args.outputs[0].numel()));
  for_each_matmul_row(args.inputs[0].shape(), left.data(), shape, right.data(),
                      [&](int64_t begin, int64_t, const std::vector<uint64_t>& row) {
                        std::ranges::copy(row, sums.begin() + begin);
                      });
  finish_fused_product(args, sums, shape.dims().back(), 1);
}

size_t sparsity_axis(const Node& node) { return node.input(1)->rank() - (trans_b(node.attrs()) ? 1 : 2); }

}  // namespace

extern const OpDef kQuantizedMatMul;
const OpDef kQuantizedMatMul = {
    .name = "QuantizedMatMul",
    .doc =
        "dst = activation((a - a_zero_point) * (b - b_zero_point) * scale + bias + residual), as f32 or as "
        "codes, with "
        "b's last two axes swapped when transB; the sums are exact integers, scale and bias one for each "
        "column.",
    .standard = false,
    .inputs = {{.name = "a", .domain = all_codes},
               {.name = "b", .weight = true, .domain = all_codes},
               {.name = "scale", .state = true, .domain = small_scales},
               {.name = "bias", .optional = true},
               {.name = "residual", .optional = true, .domain = all_codes},
               {.name = "a_zero_point", .optional = true, .state = true},
               {.name = "b_zero_point", .optional = true, .state = true}},
    .outputs = {{"dst"}},
    .attrs = {"activation", "activation_offset", "activation_slope", "clip_high", "clip_low", "output_dtype",
              "output_scale", "output_zero_point", "residual_scale", "residual_zero_point", "transB"},
    .infer = infer,
    .reference = reference,
    .grad = not_differentiable("codes are not numbers to differentiate by"),
    .amp = Amp::kFixed,
    .quant = quant_float("works on codes already"),
    .sparsity = {1, sparsity_axis},
    .examples = {{.inputs = {code_input(DType::kU8, {3, 20}),
                             weight_codes({7, 20}),
                             constant_input({7}, -0.002F, -0.001F),
                             constant_input({7}, -1, 1),
                             {.absent = true},
                             zero_point_input(DType::kU8, 121)},
                  .attrs = with_output_codes({{"transB", int64_t{1}}, {"activation", std::string("relu")}},
                                             {DType::kU8, 0.05F, 0})},
                 {.inputs = {code_input(DType::kI8, {2, 5, 32}), weight_codes({32, 16}), unit_scale({16}),
                             constant_input({16}, -1, 1), code_input(DType::kI8, {2, 5, 16})},
                  .attrs =
                      with_output_codes({{"residual_scale", 0.02F}, {"residual_zero_point", int64_t{-7}}},
                                        {DType::kI8, 0.04F, 9})},
                 {.inputs = {code_input(DType::kU8, {2, 3, 5, 8}),
                             code_input(DType::kU8, {2, 3, 8, 6}),
                             unit_scale({1}),
                             {.absent = true},
                             {.absent = true},
                             zero_point_input(DType::kU8, 3),
                             zero_point_input(DType::kU8, 131)}},
                 {.inputs = {code_input(DType::kI8, {2, 5, 8}),
                             code_input(DType::kI8, {2, 6, 8}),
                             unit_scale({}),
                             {.absent = true},
                             {.absent = true},
                             zero_point_input(DType::kI8, 3),
                             zero_point_input(DType::kI8, -1)},
                  .attrs = with_output_codes({{"transB", int64_t{1}}}, {DType::kU8, 0.02F, 128})},
                 {.inputs = {code_input(DType::kU8, {4, 24}),
                             weight_codes({24, 9}),
                             {.shape = {9}, .low = 0.001F, .high = 0.002F},
                             {.shape = {9}},
                             {.shape = {4, 9}},
                             {.dtype = DType::kU8, .shape = {}, .low = 0, .high = 255}},
                  .attrs = {{"activation", std::string("gelu")}}},
                 {.inputs = {code_input(DType::kU8, {1, 64}), weight_codes({64, 48}), unit_scale({48}),
                             constant_input({48}, -1, 1)}}},
};

}  // namespace twofour::ops
