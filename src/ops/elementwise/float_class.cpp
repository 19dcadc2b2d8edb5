// IsInf and IsNaN.
#include <cmath>

#include "ops/builder.h"
#include "ops/elementwise/elementwise.h"

namespace twofour::ops {
namespace {

void infer(const Node& node, std::span<ValueType> outputs) {
  check_real(node.input(0)->type(), "src");
  outputs[0] = {DType::kBool, node.input(0)->dims()};
}

template <typename Fn>
void classify(const ReferenceArgs& args, const Fn& fn) {
  dispatch_real(args.inputs[0].dtype(), [&]<typename T>(T) {
    std::ranges::transform(args.inputs[0].span<T>(), args.outputs[0].span<bool>().begin(),
                           [&](T v) { return fn(double{v}); });
  });
}

void reference_nan(const ReferenceArgs& args) {
  classify(args, [](double v) { return std::isnan(v); });
}

void reference_inf(const ReferenceArgs& args) {
  const bool negative = args.attrs.i("detect_negative", 1) != 0;
  const bool positive = args.attrs.i("detect_positive", 1) != 0;
  classify(args, [=](double v) { return std::isinf(v) && (v < 0 ? negative : positive); });
}

OpDef float_class(std::string_view name, std::string_view doc, ReferenceFn reference) {
  const std::vector<float> values = {0, 1, INFINITY, -INFINITY, NAN};
  return {
      .name = name,
      .doc = doc,
      .inputs = {{"src"}},
      .outputs = {{"dst"}},
      .infer = infer,
      .reference = reference,
      .grad = not_differentiable("the result is a truth value"),
      .amp = Amp::kClear,
      .quant = quant_float("codes are always finite"),
      .sparsity = no_sparsity(),
      .examples = {{.inputs = {{.shape = {5}, .values = values}}},
                   {.inputs = {{.dtype = DType::kF64, .shape = {5, 1}, .values = values}}}},
  };
}

OpDef is_inf() {
  OpDef op = float_class("IsInf", "dst = whether src is an infinity of a sign that is to be detected.",
                         reference_inf);
  op.attrs = {"detect_negative", "detect_positive"};
  op.examples.push_back({.inputs = op.examples[0].inputs, .attrs = {{"detect_negative", int64_t{0}}}});
  op.examples.push_back({.inputs = op.examples[0].inputs, .attrs = {{"detect_positive", int64_t{0}}}});
  return op;
}

}  // namespace

extern const OpDef kIsInf;
const OpDef kIsInf = is_inf();
extern const OpDef kIsNaN;
const OpDef kIsNaN = float_class("IsNaN", "dst = whether src is not a number.", reference_nan);

}  // namespace twofour::ops
