#include "ops/builder.h"
#include "ops/elementwise.h"

namespace twofour::ops {
namespace {

void reference(const ReferenceArgs& args) {
  dispatch_dtype(args.outputs[0].dtype(), [&]<typename T>(T) {
    if constexpr (std::is_arithmetic_v<T> && !std::is_same_v<T, bool>) {
      const auto a = args.inputs[0].span<T>();
      const auto b = args.inputs[1].span<T>();
      const auto dst = args.outputs[0].span<T>();
      for_each_broadcast(args.inputs[0].shape(), args.inputs[1].shape(), args.outputs[0].shape(),
                         [&](size_t i, size_t j, size_t k) { dst[k] = static_cast<T>(a[i] + b[j]); });
    }
  });
}

std::vector<Value*> grad(const GradArgs& args) {
  Value* dy = args.grad_outputs[0];
  return {args.builder.unbroadcast(dy, args.node.input(0)->shape()),
          args.builder.unbroadcast(dy, args.node.input(1)->shape())};
}

}  // namespace

extern const OpDef kAdd;
const OpDef kAdd = {
    .name = "Add",
    .doc = "dst = a + b, with numpy broadcasting.",
    .inputs = {{"a"}, {"b"}},
    .outputs = {{"dst"}},
    .infer = infer_binary,
    .reference = reference,
    .grad = grad,
    .amp = Amp::kInfer,
    .quant = quant_float("both inputs would need one common scale"),
    .sparsity = no_sparsity(),
    .examples = {{.inputs = {{.shape = {2, 3, 4}}, {.shape = {2, 3, 4}}}},
                 {.inputs = {{.shape = {2, 3, 4}}, {.shape = {3, 1}}}},
                 {.inputs = {{.shape = {4}}, {.shape = {5, 1}}}}},
};

}  // namespace twofour::ops
