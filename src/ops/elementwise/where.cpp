#include "ops/builder.h"
#include "ops/elementwise/elementwise.h"
#include "ops/infer.h"

namespace twofour::ops {
namespace {

void infer(const Node& node, std::span<ValueType> outputs) {
  const ValueType& x = node.input(1)->type();
  check_dtype(node.input(0)->type(), DType::kBool, "condition");
  check_dtype(node.input(2)->type(), x.dtype, "y");
  outputs[0] = {x.dtype,
                broadcast_dims(broadcast_dims(node.input(0)->dims(), x.dims), node.input(2)->dims())};
}

void reference(const ReferenceArgs& args) {
  const Shape& shape = args.outputs[0].shape();
  const auto condition = args.inputs[0].span<bool>();
  const size_t size = dtype_size(args.outputs[0].dtype());
  std::byte* dst = args.outputs[0].raw();
  for_each_offset<3>(
      shape,
      {broadcast_strides(args.inputs[0].shape(), shape), broadcast_strides(args.inputs[1].shape(), shape),
       broadcast_strides(args.inputs[2].shape(), shape)},
      [&](const std::array<int64_t, 3>& at) {
        const size_t picked = condition[static_cast<size_t>(at[0])] ? 1 : 2;
        std::copy_n(args.inputs[picked].raw() + static_cast<size_t>(at[picked]) * size, size, dst);
        dst += size;
      });
}

std::vector<Value*> grad(const GradArgs& args) {
  Builder& b = args.builder;
  const Node& node = args.node;
  Value* dy = args.grad_outputs[0];
  std::vector<Value*> result(3, nullptr);
  if (args.needed[1])
    result[1] = b.unbroadcast(b.op("Where", {node.input(0), dy, b.scalar(0)}), node.input(1)->shape());
  if (args.needed[2])
    result[2] = b.unbroadcast(b.op("Where", {node.input(0), b.scalar(0), dy}), node.input(2)->shape());
  return result;
}

}  // namespace

extern const OpDef kWhere;
const OpDef kWhere = {
    .name = "Where",
    .doc = "dst = x where condition, else y, all three broadcasting.",
    .inputs = {{.name = "condition", .state = true}, {"x"}, {"y"}},
    .outputs = {{"dst"}},
    .infer = infer,
    .reference = reference,
    .grad = Grad(grad, "the condition is a truth value"),
    .amp = Amp::kClear,
    .quant = quant_float("both inputs would need one common scale"),
    .sparsity = no_sparsity(),
    .examples = {{.inputs = {{.dtype = DType::kBool, .shape = {2, 3}, .values = {1, 0, 0, 1, 1, 0}},
                             {.shape = {2, 3}},
                             {.shape = {2, 3}}}},
                 {.inputs = {{.dtype = DType::kBool, .shape = {3, 1}, .values = {1, 0, 1}},
                             {.shape = {}},
                             {.shape = {2, 1, 5}}}}},
};

}  // namespace twofour::ops
