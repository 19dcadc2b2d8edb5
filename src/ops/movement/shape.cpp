// Shape and Size.
#include <algorithm>

#include "ops/builder.h"
#include "ops/infer.h"
#include "ops/movement/slice_range.h"

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

void infer_size(const Node&, std::span<ValueType> outputs) { outputs[0] = {DType::kI64, {}}; }

void reference_size(const ReferenceArgs& args) {
  args.outputs[0].span<int64_t>()[0] = args.inputs[0].numel();
}

OpDef of_shape(std::string_view name, std::string_view doc, InferFn infer_fn, ReferenceFn reference_fn) {
  return {
      .name = name,
      .doc = doc,
      .inputs = {{"src"}},
      .outputs = {{"dst"}},
      .infer = infer_fn,
      .reference = reference_fn,
      .grad = not_differentiable("the result does not depend on any number"),
      .amp = Amp::kClear,
      .quant = quant_float("the result is a shape"),
      .sparsity = no_sparsity(),
      .examples = {{.inputs = {{.shape = {2, 3, 5}}}}, {.inputs = {{.shape = {}}}}},
  };
}

OpDef shape() {
  OpDef op =
      of_shape("Shape", "dst = the sizes of src as i64, from axis `start` up to `end`.", infer, reference);
  op.attrs = {"end", "start"};
  op.examples.push_back(
      {.inputs = {{.shape = {2, 3, 5}}}, .attrs = {{"start", int64_t{-2}}, {"end", int64_t{2}}}});
  return op;
}

}  // namespace

extern const OpDef kShape;
const OpDef kShape = shape();
extern const OpDef kSize;
const OpDef kSize =
    of_shape("Size", "dst = the number of elements of src as i64.", infer_size, reference_size);

}  // namespace twofour::ops
