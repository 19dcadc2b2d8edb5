#include <algorithm>

#include "ops/builder.h"
#include "ops/domain.h"
#include "ops/infer.h"

namespace twofour::ops {
namespace {

void infer(const Node& node, std::span<ValueType> outputs) {
  const ValueType& src = node.input(0)->type();
  TWOFOUR_CHECK(src.dtype != DType::kBool, kUnsupported, "src is bool; numbers are expected");
  for (size_t i = 1; i < 3; ++i)
    if (const Value* bound = node.input(i)) {
      check_dtype(bound->type(), src.dtype, i == 1 ? "min" : "max");
      check_one_element(bound->type(), i == 1 ? "min" : "max");
    }
  infer_same(node, outputs);
}

// min > max gives max, as ONNX says.
void reference(const ReferenceArgs& args) {
  const Tensor low = input_or_none(args, 1);
  const Tensor high = input_or_none(args, 2);
  dispatch_number(args.inputs[0].dtype(), [&]<typename T>(T) {
    std::ranges::transform(args.inputs[0].span<T>(), args.outputs[0].span<T>().begin(), [&](T v) {
      if (low.defined()) v = std::max(v, low.span<T>()[0]);
      if (high.defined()) v = std::min(v, high.span<T>()[0]);
      return v;
    });
  });
}

// What clipping left unchanged passes the gradient, the bounds included.
std::vector<Value*> grad(const GradArgs& args) {
  Builder& b = args.builder;
  Value* kept = b.op("Equal", {args.node.input(0), args.node.output()});
  std::vector<Value*> result(args.node.inputs().size(), nullptr);
  result[0] = b.op("Where", {kept, args.grad_outputs[0], b.scalar(0)});
  return result;
}

}  // namespace

extern const OpDef kClip;
const OpDef kClip = {
    .name = "Clip",
    .doc = "dst = min(max(src, min), max); a bound that is left out does not bound.",
    .inputs = {{"src"},
               {.name = "min", .optional = true, .state = true, .domain = exactly<0>},
               {.name = "max", .optional = true, .state = true, .domain = exactly<1>}},
    .outputs = {{"dst"}},
    .infer = infer,
    .reference = reference,
    .grad = Grad(grad, "the bounds are options"),
    .amp = Amp::kClear,
    .quant = quant_float("the bounds have no scale"),
    .sparsity = no_sparsity(),
    .examples = {{.inputs = {{.shape = {3, 5}, .distinct = true},
                             {.shape = {}, .values = {-0.18F}, .constant = true},
                             {.shape = {}, .values = {0.18F}, .constant = true}}},
                 {.inputs = {{.shape = {7}, .distinct = true},
                             {.absent = true},
                             {.shape = {}, .values = {0.12F}, .constant = true}}},
                 {.inputs = {{.shape = {4}}}},
                 {.inputs = {{.dtype = DType::kI64, .shape = {5}, .low = -9, .high = 9},
                             {.dtype = DType::kI64, .shape = {}, .values = {0}, .constant = true}}}},
};

}  // namespace twofour::ops
