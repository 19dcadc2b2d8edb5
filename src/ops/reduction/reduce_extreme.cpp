// ReduceMax and ReduceMin, of truth values too: any and all. Of nothing: the type's end, or an infinity.
#include <limits>

#include "ops/indexing/ordering.h"
#include "ops/reduction/reduce.h"

namespace twofour::ops {
namespace {

template <typename T>
T lower_end() {
  using Limits = std::numeric_limits<T>;
  return Limits::has_infinity ? static_cast<T>(-Limits::infinity()) : Limits::lowest();
}
template <typename T>
T upper_end() {
  using Limits = std::numeric_limits<T>;
  return Limits::has_infinity ? Limits::infinity() : Limits::max();
}

template <typename T, typename Wins>
void select_typed(const ReferenceArgs& args, T start, const Wins& wins) {
  const auto src = args.inputs[0].span<T>();
  const auto dst = args.outputs[0].span<T>();
  std::ranges::fill(dst, start);
  for_each_reduced(args.inputs[0].shape(), reduced_axes(args), [&](size_t i, size_t j) {
    if (wins(src[i], dst[j])) dst[j] = src[i];
  });
}

void reference_max(const ReferenceArgs& args) {
  if (args.inputs[0].dtype() == DType::kBool) return select_typed(args, false, Above{});
  dispatch_number(args.inputs[0].dtype(),
                  [&]<typename T>(T) { select_typed(args, lower_end<T>(), Above{}); });
}

void reference_min(const ReferenceArgs& args) {
  if (args.inputs[0].dtype() == DType::kBool) return select_typed(args, true, Below{});
  dispatch_number(args.inputs[0].dtype(),
                  [&]<typename T>(T) { select_typed(args, upper_end<T>(), Below{}); });
}

// Equal winners share the gradient.
std::vector<Value*> grad(const GradArgs& args) {
  Builder& b = args.builder;
  Value* src = args.node.input(0);
  Value* wins = b.op("Equal", {src, with_kept_axes(b, args.node, args.node.output())});
  Value* mask = b.op("Where", {wins, b.scalar(1), b.scalar(0)});
  std::vector<int64_t> axes;
  const auto reduced = reduced_axes(args.node);
  for (size_t i = 0; i < reduced->size(); ++i)
    if ((*reduced)[i]) axes.push_back(static_cast<int64_t>(i));
  Value* dy = with_kept_axes(b, args.node, args.grad_outputs[0]);
  std::vector<Value*> result(args.node.inputs().size(), nullptr);
  result[0] = b.mul(mask, axes.empty() ? dy : b.div(dy, b.reduce_sum(mask, axes, true)));
  return result;
}

OpDef extreme(std::string_view name, std::string_view doc, ReferenceFn reference) {
  OpDef op = reduction(name, doc, reference, Grad(grad, "axes are not numbers to differentiate by"),
                       Amp::kClear, true);
  op.infer = infer_reduction;
  op.quant = quant_commutes();
  op.examples.push_back({.inputs = {{.dtype = DType::kI8, .shape = {2, 3}, .low = -9, .high = 9}}});
  op.examples.push_back({.inputs = {{.dtype = DType::kBool, .shape = {2, 2}, .values = {1, 0, 0, 0}},
                                    {.dtype = DType::kI64, .shape = {1}, .values = {1}, .constant = true}}});
  return op;
}

}  // namespace

extern const OpDef kReduceMax;
const OpDef kReduceMax = extreme("ReduceMax", "dst = the maximum of src over `axes`.", reference_max);
extern const OpDef kReduceMin;
const OpDef kReduceMin = extreme("ReduceMin", "dst = the minimum of src over `axes`.", reference_min);

}  // namespace twofour::ops
