#include <algorithm>
#include <numeric>

#include "ops/builder.h"
#include "ops/domain.h"
#include "ops/example.h"
#include "ops/indexing/ordering.h"
#include "ops/infer.h"
#include "ops/shape_value.h"
#include "ops/strided.h"

namespace twofour::ops {
namespace {

void infer(const Node& node, std::span<ValueType> outputs) {
  const ValueType& src = node.input(0)->type();
  check_number(src, "src");
  check_index(node.input(1)->type(), "k");
  check_one_element(node.input(1)->type(), "k");
  const size_t axis = normalize_axis(node.attrs().i("axis", -1), src.dims.size());
  outputs[0] = src;
  Dim& size = outputs[0].dims[axis];
  const auto k = known_ints(node.input(1));
  TWOFOUR_CHECK(!k || ((*k)[0] >= 0 && (!size.known() || (*k)[0] <= size.value)), kInvalidArgument,
                "k is {}; axis {} of src {} does not have so many elements", (*k)[0], axis, src.to_string());
  size = k ? Dim((*k)[0]) : Dim();
  if (outputs.size() > 1) outputs[1] = {DType::kI64, outputs[0].dims};
}

void reference(const ReferenceArgs& args) {
  const Shape& shape = args.inputs[0].shape();
  const size_t axis = normalize_axis(args.attrs.i("axis", -1), shape.rank());
  const AxisView view(shape, axis);
  const int64_t k = args.outputs[0].shape()[axis];
  const bool largest = args.attrs.i("largest", 1) != 0;
  std::vector<int64_t> order(static_cast<size_t>(view.size));
  dispatch_number(args.inputs[0].dtype(), [&]<typename T>(T) {
    for (int64_t o = 0; o < view.outer; ++o)
      for (int64_t i = 0; i < view.inner; ++i) {
        const T* row = args.inputs[0].span<T>().data() + o * view.size * view.inner + i;
        const auto first = [&](int64_t a, int64_t b) {
          const T x = row[a * view.inner];
          const T y = row[b * view.inner];
          if (before(x, y)) return !largest;
          if (before(y, x)) return largest;
          return a < b;
        };
        std::iota(order.begin(), order.end(), 0);
        std::partial_sort(order.begin(), order.begin() + k, order.end(), first);
        for (int64_t j = 0; j < k; ++j) {
          const auto to = static_cast<size_t>((o * k + j) * view.inner + i);
          const int64_t from = order[static_cast<size_t>(j)];
          args.outputs[0].span<T>()[to] = row[from * view.inner];
          if (args.outputs.size() > 1) args.outputs[1].span<int64_t>()[to] = from;
        }
      }
  });
}

std::vector<Value*> grad(const GradArgs& args) {
  const Node& node = args.node;
  TWOFOUR_CHECK(node.outputs().size() > 1, kUnsupported, "{} has no indices, which its gradient needs",
                node.label());
  Value* zeros = args.builder.constant("zeros", Tensor(node.input(0)->dtype(), node.input(0)->shape()));
  return {args.builder.op("ScatterElements", {zeros, node.output(1), args.grad_outputs[0]},
                          {{"axis", node.attrs().i("axis", -1)}}),
          nullptr};
}

Domain result_count(const Node& node, size_t) {
  const Dims& src = node.input(0)->dims();
  return count_up_to(src[normalize_axis(node.attrs().i("axis", -1), src.size())]);
}

}  // namespace

extern const OpDef kTopK;
const OpDef kTopK = {
    .name = "TopK",
    .doc =
        "The k largest (or smallest) elements along `axis`, best first, and where they stand; of equal "
        "ones the first. NaN is the largest.",
    .inputs = {{"src"}, {.name = "k", .state = true, .domain = result_count}},
    .outputs = {{"values"}, {.name = "indices", .optional = true, .state = true}},
    .attrs = {"axis", "largest", "sorted"},
    .infer = infer,
    .reference = reference,
    .grad = Grad(grad, "k is not a number to differentiate by"),
    .amp = Amp::kClear,
    .quant = quant_commutes(),
    .sparsity = no_sparsity(),
    .examples = {{.inputs = {{.shape = {3, 7}, .distinct = true}, example_ints({3})}, .num_outputs = 2},
                 {.inputs = {{.shape = {2, 5, 3}, .distinct = true}, example_ints({2})},
                  .attrs = {{"axis", int64_t{1}}, {"largest", int64_t{0}}},
                  .num_outputs = 2},
                 {.inputs = {{.dtype = DType::kI64, .shape = {6}, .values = {1, 5, 5, 2, 5, 0}},
                             example_ints({2})}}},
};

}  // namespace twofour::ops
