// CumSum and CumProd. Floats accumulate in double; integers wrap around.
#include "ops/builder.h"
#include "ops/domain.h"
#include "ops/example.h"
#include "ops/infer.h"
#include "ops/shape_value.h"
#include "ops/strided.h"

namespace twofour::ops {
namespace {

void infer(const Node& node, std::span<ValueType> outputs) {
  infer_same_number(node, outputs);
  check_index(node.input(1)->type(), "axis");
  check_one_element(node.input(1)->type(), "axis");
  if (const auto axis = known_ints(node.input(1))) normalize_axis((*axis)[0], outputs[0].dims.size());
}

template <typename T>
using Wide = std::conditional_t<std::is_floating_point_v<T>, double, uint64_t>;

template <typename Fn>
void accumulate(const ReferenceArgs& args, int start, const Fn& fn) {
  const Shape& shape = args.inputs[0].shape();
  const AxisView view(shape, normalize_axis(to_ints(args.inputs[1])[0], shape.rank()));
  const bool exclusive = args.attrs.i("exclusive", 0) != 0;
  const bool reverse = args.attrs.i("reverse", 0) != 0;
  dispatch_number(args.inputs[0].dtype(), [&]<typename T>(T) {
    const T* src = args.inputs[0].span<T>().data();
    T* dst = args.outputs[0].span<T>().data();
    for (int64_t o = 0; o < view.outer; ++o)
      for (int64_t i = 0; i < view.inner; ++i) {
        auto total = static_cast<Wide<T>>(start);
        for (int64_t c = 0; c < view.size; ++c) {
          const int64_t at = (o * view.size + (reverse ? view.size - 1 - c : c)) * view.inner + i;
          const Wide<T> next = fn(total, static_cast<Wide<T>>(src[at]));
          dst[at] = static_cast<T>(exclusive ? total : next);
          total = next;
        }
      }
  });
}

void reference_sum(const ReferenceArgs& args) {
  accumulate(args, 0, [](auto total, auto v) { return total + v; });
}
void reference_prod(const ReferenceArgs& args) {
  accumulate(args, 1, [](auto total, auto v) { return total * v; });
}

std::vector<Value*> grad_sum(const GradArgs& args) {
  Attrs attrs = args.node.attrs();
  attrs.set("reverse", int64_t{attrs.i("reverse", 0) == 0});
  return {args.builder.op("CumSum", {args.grad_outputs[0], args.node.input(1)}, std::move(attrs)), nullptr};
}

OpDef cumulative(std::string_view name, std::string_view doc, ReferenceFn reference, const Grad& grad) {
  const ExampleInput axis = {.dtype = DType::kI64, .shape = {}, .values = {1}, .constant = true};
  return {
      .name = name,
      .doc = doc,
      .inputs = {{"src"}, {.name = "axis", .state = true, .domain = axis_number}},
      .outputs = {{"dst"}},
      .attrs = {"exclusive", "reverse"},
      .infer = infer,
      .reference = reference,
      .grad = grad,
      .amp = Amp::kDeny,
      .quant = quant_float("a sum of codes needs more than 8 bits"),
      .sparsity = no_sparsity(),
      .examples = {{.inputs = {{.shape = {2, 5, 3}}, axis}},
                   {.inputs = {{.shape = {3, 4}}, example_ints({-2})},
                    .attrs = {{"exclusive", int64_t{1}}, {"reverse", int64_t{1}}}},
                   {.inputs = {{.shape = {2, 3}}, {.dtype = DType::kI64, .shape = {}, .values = {1}}},
                    .attrs = {{"reverse", int64_t{1}}}},
                   {.inputs = {{.dtype = DType::kI64, .shape = {5}, .low = -9, .high = 9}, example_ints({0})},
                    .attrs = {{"exclusive", int64_t{1}}}}},
  };
}

}  // namespace

extern const OpDef kCumSum;
const OpDef kCumSum =
    cumulative("CumSum", "dst = the sum of src up to here along `axis`; exclusive leaves this one out.",
               reference_sum, Grad(grad_sum, "the axis is not a number to differentiate by"));
extern const OpDef kCumProd;
const OpDef kCumProd = cumulative(
    "CumProd", "dst = the product of src up to here along `axis`; exclusive leaves this one out.",
    reference_prod,
    not_differentiable("its slope by one factor is the product of the others, which no operator computes"));

}  // namespace twofour::ops
