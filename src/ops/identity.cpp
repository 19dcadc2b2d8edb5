// Ops that mean "the same values": Identity, Dropout at inference, Reorder.
#include <algorithm>

#include "ops/builder.h"
#include "ops/infer.h"

namespace twofour::ops {
namespace {

void copy(const Tensor& src, const Tensor& dst) { std::copy_n(src.raw(), src.size_bytes(), dst.raw()); }

void reference(const ReferenceArgs& args) { copy(args.inputs[0], args.outputs[0]); }

std::vector<Value*> grad(const GradArgs& args) { return {args.grad_outputs[0]}; }

void infer_dropout(const Node& node, std::span<ValueType> outputs) {
  if (const Value* training = node.input(2)) {
    check_dtype(training->type(), DType::kBool, "training_mode");
    check_one_element(training->type(), "training_mode");
    TWOFOUR_CHECK(!training->is_constant() || !training->data().span<bool>()[0], kUnsupported,
                  "training_mode is true; only the inference form, which changes nothing, is supported");
  }
  infer_same(node, outputs);
  if (outputs.size() > 1) outputs[1] = {DType::kBool, outputs[0].dims};
}

void reference_dropout(const ReferenceArgs& args) {
  const Tensor training = input_or_none(args, 2);
  TWOFOUR_CHECK(!training.defined() || !training.span<bool>()[0], kUnsupported, "training_mode is true");
  copy(args.inputs[0], args.outputs[0]);
  if (args.outputs.size() > 1) std::ranges::fill(args.outputs[1].span<bool>(), true);
}

std::vector<Value*> grad_dropout(const GradArgs& args) {
  std::vector<Value*> result(args.node.inputs().size(), nullptr);
  result[0] = args.grad_outputs[0];
  return result;
}

OpDef same(std::string_view name, std::string_view doc, bool standard) {
  return {
      .name = name,
      .doc = doc,
      .standard = standard,
      .inputs = {{"src"}},
      .outputs = {{"dst"}},
      .infer = infer_same,
      .reference = reference,
      .grad = grad,
      .amp = Amp::kClear,
      .quant = quant_commutes(),
      .sparsity = no_sparsity(),
      .examples = {{.inputs = {{.shape = {2, 3, 5}}}}, {.inputs = {{.dtype = DType::kI64, .shape = {}}}}},
  };
}

}  // namespace

extern const OpDef kIdentity;
const OpDef kIdentity = same("Identity", "dst = src.", true);
extern const OpDef kReorder;
const OpDef kReorder =
    same("Reorder", "dst = src in another memory format; appears between the steps of a plan.", false);

extern const OpDef kDropout;
const OpDef kDropout = {
    .name = "Dropout",
    .doc = "dst = src: the inference form; mask is all true.",
    .inputs = {{"src"},
               {.name = "ratio", .optional = true, .state = true},
               {.name = "training_mode", .optional = true, .state = true}},
    .outputs = {{"dst"}, {.name = "mask", .optional = true}},
    .attrs = {"seed"},
    .infer = infer_dropout,
    .reference = reference_dropout,
    .grad = Grad(grad_dropout, "ratio and training_mode are options"),
    .amp = Amp::kClear,
    .quant = quant_commutes(),
    .sparsity = no_sparsity(),
    .examples = {{.inputs = {{.shape = {3, 5}}}},
                 {.inputs = {{.shape = {3, 5}},
                             {.shape = {}, .low = 0.1F, .high = 0.9F, .constant = true},
                             {.dtype = DType::kBool, .shape = {}, .values = {0}, .constant = true}},
                  .num_outputs = 2}},
};

}  // namespace twofour::ops
