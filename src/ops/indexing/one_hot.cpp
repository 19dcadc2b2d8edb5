#include <algorithm>

#include "ops/domain.h"
#include "ops/example.h"
#include "ops/infer.h"
#include "ops/shape_value.h"
#include "ops/strided.h"

namespace twofour::ops {
namespace {

size_t axis_from(const Attrs& attrs, size_t indices_rank) {
  return normalize_axis(attrs.i("axis", -1), indices_rank + 1);
}

void infer(const Node& node, std::span<ValueType> outputs) {
  const ValueType& indices = node.input(0)->type();
  const Value* depth = node.input(1);
  check_number(indices, "indices");
  check_number(depth->type(), "depth");
  check_one_element(depth->type(), "depth");
  check_dims(node.input(2)->type(), {2}, "values");
  outputs[0] = {node.input(2)->dtype(), indices.dims};
  Dim size;
  if (const Tensor known = known_tensor(depth); known.defined()) {
    size = known.to(DType::kI64).span<int64_t>()[0];
    TWOFOUR_CHECK(size.known(), kInvalidArgument, "depth is {}; it must not be negative", size.value);
  }
  outputs[0].dims.insert(
      outputs[0].dims.begin() + static_cast<int64_t>(axis_from(node.attrs(), indices.dims.size())), size);
}

void reference(const ReferenceArgs& args) {
  const Tensor rows = args.inputs[0].to(DType::kI64);
  const Tensor& values = args.inputs[2];
  const Tensor& dst = args.outputs[0];
  const AxisView view(dst.shape(), axis_from(args.attrs, rows.shape().rank()));
  const auto size = static_cast<int64_t>(dtype_size(dst.dtype()));
  for (int64_t o = 0; o < view.outer; ++o)
    for (int64_t c = 0; c < view.size; ++c)
      for (int64_t i = 0; i < view.inner; ++i) {
        const int64_t row = rows.span<int64_t>()[static_cast<size_t>(o * view.inner + i)];
        const bool on = c == (row < 0 ? row + view.size : row);
        std::copy_n(values.raw() + (on ? size : 0), size,
                    dst.raw() + ((o * view.size + c) * view.inner + i) * size);
      }
}

const Dim& depth_of(const Node& node) {
  return node.output()->dims()[axis_from(node.attrs(), node.input(0)->rank())];
}
Domain index_below_depth(const Node& node, size_t) { return index_into(depth_of(node)); }
Domain depth(const Node& node, size_t) { return {0, 0, {static_cast<double>(depth_of(node).size_or(2))}}; }

}  // namespace

extern const OpDef kOneHot;
const OpDef kOneHot = {
    .name = "OneHot",
    .doc =
        "dst = values[1] where the position along the new `axis` of size depth is the index, else values[0].",
    .inputs = {{.name = "indices", .state = true, .domain = index_below_depth},
               {.name = "depth", .state = true, .domain = depth},
               {"values"}},
    .outputs = {{"dst"}},
    .attrs = {"axis"},
    .infer = infer,
    .reference = reference,
    .grad = not_differentiable("indices are not numbers to differentiate by"),
    .amp = Amp::kClear,
    .quant = quant_float("the values are two numbers"),
    .sparsity = no_sparsity(),
    .examples = {{.inputs = {{.dtype = DType::kI64, .shape = {2, 3}, .values = {0, 4, -1, 2, 9, -9}},
                             example_ints({5}),
                             {.shape = {2}, .values = {0, 1}, .constant = true}}},
                 {.inputs = {{.dtype = DType::kI64, .shape = {3}, .values = {1, 0, 2}},
                             {.dtype = DType::kI64, .shape = {}, .values = {4}, .constant = true},
                             {.dtype = DType::kI32, .shape = {2}, .values = {3, 7}, .constant = true}},
                  .attrs = {{"axis", int64_t{0}}}}},
};

}  // namespace twofour::ops
