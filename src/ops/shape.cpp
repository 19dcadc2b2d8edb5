#include <algorithm>

#include "ops/builder.h"
#include "ops/infer.h"
#include "ops/slice_range.h"

namespace twofour::ops {
namespace {

void infer(const Node& node, std::span<ValueType> outputs) {
  outputs[0] = {DType::kI64, {shape_range(node.attrs(), node.input(0)->rank()).count}};
}

void reference(const ReferenceArgs& args) {
  const Shape& shape = args.inputs[0].shape();
  const SliceRange range = shape_range(args.attrs, shape.rank());
  std::copy_n(shape.begin() + range.start, range.count, args.outputs[0].span<int64_t>().begin());
}

}  // namespace

extern const OpDef kShape;
const OpDef kShape = {
    .name = "Shape",
    .doc = "dst = the sizes of src as i64, from axis `start` up to `end`.",
    .inputs = {{"src"}},
    .outputs = {{"dst"}},
    .attrs = {"end", "start"},
    .infer = infer,
    .reference = reference,
    .grad = not_differentiable("the result does not depend on any number"),
    .amp = Amp::kClear,
    .quant = quant_float("the result is a shape"),
    .sparsity = no_sparsity(),
    .examples = {{.inputs = {{.shape = {2, 3, 5}}}},
                 {.inputs = {{.shape = {2, 3, 5}}}, .attrs = {{"start", int64_t{-2}}, {"end", int64_t{2}}}},
                 {.inputs = {{.shape = {}}}}},
};

}  // namespace twofour::ops
