// Ops that mean "the same values": Identity, Reorder.
#include <algorithm>

#include "ops/builder.h"
#include "ops/infer.h"

namespace twofour::ops {
namespace {

void reference(const ReferenceArgs& args) {
  std::copy_n(args.inputs[0].raw(), args.inputs[0].size_bytes(), args.outputs[0].raw());
}

std::vector<Value*> grad(const GradArgs& args) { return {args.grad_outputs[0]}; }

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

}  // namespace twofour::ops
