#include <algorithm>

#include "ops/builder.h"
#include "ops/infer.h"

namespace twofour::ops {
namespace {

DType target(const Attrs& attrs) {
  const auto dtype = dtype_attr(attrs, "to");
  TWOFOUR_CHECK(dtype, kInvalidArgument, "attribute \"to\" is missing");
  return *dtype;
}

// Half-precision tensors reach the reference kernels as f32, so their bits are gone by then.
void infer(const Node& node, std::span<ValueType> outputs) {
  const ValueType& src = node.input(0)->type();
  const DType to = target(node.attrs());
  TWOFOUR_CHECK(!is_half(src.dtype) && !is_half(to), kUnsupported, "the bits of f16 and bf16");
  TWOFOUR_CHECK(dtype_size(src.dtype) == dtype_size(to), kInvalidArgument,
                "{} and {} do not have the same number of bits", dtype_name(src.dtype), dtype_name(to));
  outputs[0] = {to, src.dims};
}

void reference(const ReferenceArgs& args) {
  const Tensor& src = args.inputs[0];
  if (args.outputs[0].dtype() == DType::kBool) {
    std::transform(src.raw(), src.raw() + src.size_bytes(), args.outputs[0].span<bool>().begin(),
                   [](std::byte v) { return v != std::byte{0}; });
  } else {
    std::copy_n(src.raw(), src.size_bytes(), args.outputs[0].raw());
  }
}

}  // namespace

extern const OpDef kBitCast;
const OpDef kBitCast = {
    .name = "BitCast",
    .doc = "dst = src's bits read as the dtype named by attribute `to`, which has as many.",
    .inputs = {{"src"}},
    .outputs = {{"dst"}},
    .attrs = {"to"},
    .infer = infer,
    .reference = reference,
    .grad = not_differentiable("bits are not numbers to differentiate by"),
    .amp = Amp::kFixed,
    .quant = quant_float("changes the type itself"),
    .sparsity = no_sparsity(),
    .examples = {{.inputs = {{.shape = {2, 3}}}, .attrs = {{"to", std::string("i32")}}},
                 {.inputs = {{.dtype = DType::kU8, .shape = {3}, .values = {0, 1, 2}}},
                  .attrs = {{"to", std::string("bool")}}},
                 {.inputs = {{.dtype = DType::kI64, .shape = {4}, .low = -9, .high = 9}},
                  .attrs = {{"to", std::string("f64")}}}},
};

}  // namespace twofour::ops
