#include "ops/builder.h"
#include "ops/infer.h"

namespace twofour::ops {
namespace {

DType target(const Attrs& attrs) {
  const auto dtype = dtype_attr(attrs, "to");
  TWOFOUR_CHECK(dtype, kInvalidArgument, "attribute \"to\" is missing");
  return *dtype;
}

void infer(const Node& node, std::span<ValueType> outputs) {
  outputs[0] = {target(node.attrs()), node.input(0)->dims()};
}

void reference(const ReferenceArgs& args) { store(args.inputs[0], args.outputs[0]); }

std::vector<Value*> grad(const GradArgs& args) {
  return {args.builder.cast(args.grad_outputs[0], args.node.input(0)->dtype())};
}

}  // namespace

extern const OpDef kCast;
const OpDef kCast = {
    .name = "Cast",
    .doc = "dst = src converted to the dtype named by attribute `to` (\"f32\", \"f16\", \"i64\", ...).",
    .inputs = {{"src"}},
    .outputs = {{"dst"}},
    .attrs = {"to"},
    .infer = infer,
    .reference = reference,
    .grad = grad,
    .amp = Amp::kFixed,
    .quant = quant_float("changes the type itself"),
    .sparsity = no_sparsity(),
    .examples = {{.inputs = {{.shape = {2, 3}}}, .attrs = {{"to", std::string("f16")}}},
                 {.inputs = {{.dtype = DType::kI64, .shape = {4}, .low = -9, .high = 9}},
                  .attrs = {{"to", std::string("f32")}}}},
};

}  // namespace twofour::ops
