// TableLookup: any function of 8-bit codes, made by the pass `fold_byte_functions`.
#include "ops/builder.h"
#include "ops/domain.h"
#include "ops/quantisation/example_inputs.h"
#include "ops/quantisation/quantize.h"

namespace twofour::ops {
namespace {

void infer(const Node& node, std::span<ValueType> outputs) {
  const ValueType& table = node.input(1)->type();
  check_bytes(node.input(0)->type(), "src");
  check_dims(table, {256}, "table");
  outputs[0] = {table.dtype, node.input(0)->dims()};
}

void reference(const ReferenceArgs& args) {
  const Tensor& table = args.inputs[1];
  const size_t bytes = dtype_size(table.dtype());
  const int offset = args.inputs[0].dtype() == DType::kI8 ? 128 : 0;
  const Tensor codes = args.inputs[0].to(DType::kI32);
  std::byte* dst = args.outputs[0].raw();
  for (const int32_t code : codes.span<int32_t>())
    dst = std::copy_n(table.raw() + static_cast<size_t>(code + offset) * bytes, bytes, dst);
}

}  // namespace

extern const OpDef kTableLookup;
const OpDef kTableLookup = {
    .name = "TableLookup",
    .doc = "dst = table[src], for i8 table[src + 128]: any function of 8-bit codes.",
    .standard = false,
    .inputs = {{.name = "src", .domain = all_codes}, {.name = "table", .state = true, .row_major = true}},
    .outputs = {{"dst"}},
    .infer = infer,
    .reference = reference,
    .grad = not_differentiable("codes are not numbers to differentiate by"),
    .amp = Amp::kFixed,
    .quant = quant_float("works on codes already"),
    .sparsity = no_sparsity(),
    .examples =
        {{.inputs = {code_input(DType::kU8, {2, 3, 7, 5}),
                     {.dtype = DType::kI8, .shape = {256}, .low = -128, .high = 127, .constant = true}}},
         {.inputs = {code_input(DType::kI8, {1000}),
                     {.dtype = DType::kU8, .shape = {256}, .low = 0, .high = 255, .constant = true}}},
         {.inputs = {code_input(DType::kU8, {3, 70}), {.shape = {256}, .constant = true}}}},
};

}  // namespace twofour::ops
