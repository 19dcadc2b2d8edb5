#include "ops/builder.h"
#include "ops/elementwise/elementwise.h"

namespace twofour::ops {
namespace {

void infer_grad(const Node& node, std::span<ValueType> outputs) {
  infer_same_float(node, outputs);
  check_dtype(node.input(1)->type(), outputs[0].dtype, "dst");
  check_dims(node.input(1)->type(), outputs[0].dims, "dst");
}

void reference(const ReferenceArgs& args) {
  dispatch_number(args.inputs[0].dtype(), [&]<typename T>(T) {
    std::ranges::transform(args.inputs[0].span<T>(), args.outputs[0].span<T>().begin(),
                           [](T v) { return v < T{} ? T{} : v; });
  });
}

std::vector<Value*> grad(const GradArgs& args) {
  return {args.builder.op("ReluGrad", {args.grad_outputs[0], args.node.output()})};
}

void reference_grad(const ReferenceArgs& args) {
  const auto dy = args.inputs[0].span<float>();
  const auto y = args.inputs[1].span<float>();
  const auto dx = args.outputs[0].span<float>();
  for (size_t i = 0; i < dx.size(); ++i) dx[i] = y[i] > 0 ? dy[i] : 0.0F;
}

}  // namespace

extern const OpDef kRelu;
const OpDef kRelu = {
    .name = "Relu",
    .doc = "dst = max(src, 0).",
    .inputs = {{"src"}},
    .outputs = {{"dst"}},
    .infer = infer_same_number,
    .reference = reference,
    .grad = grad,
    .amp = Amp::kClear,
    .quant = quant_float("zero is not always code 0"),
    .sparsity = no_sparsity(),
    .examples = {{.inputs = {{.shape = {3, 5, 7}, .distinct = true}}},
                 {.inputs = {{.dtype = DType::kI32, .shape = {5}, .low = -9, .high = 9}}}},
};

extern const OpDef kReluGrad;
const OpDef kReluGrad = {
    .name = "ReluGrad",
    .doc = "grad_src = grad_dst where dst > 0, else 0.",
    .standard = false,
    .inputs = {{"grad_dst"}, {"dst"}},
    .outputs = {{"grad_src"}},
    .infer = infer_grad,
    .reference = reference_grad,
    .grad = not_differentiable("second derivatives are not supported"),
    .amp = Amp::kClear,
    .quant = quant_float("a gradient"),
    .sparsity = no_sparsity(),
    .examples = {{.inputs = {{.shape = {3, 5, 7}}, {.shape = {3, 5, 7}}}}},
};

}  // namespace twofour::ops
