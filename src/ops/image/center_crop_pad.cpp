#include <algorithm>
#include <numeric>

#include "ops/builder.h"
#include "ops/domain.h"
#include "ops/example.h"
#include "ops/infer.h"
#include "ops/shape_value.h"
#include "ops/strided.h"

namespace twofour::ops {
namespace {

std::vector<size_t> axes_of(const Attrs& attrs, size_t rank) {
  std::vector<int64_t> named = attrs.ints("axes");
  if (!attrs.has("axes")) {
    named.resize(rank);
    std::iota(named.begin(), named.end(), 0);
  }
  axis_flags(named, rank);
  std::vector<size_t> axes;
  for (const int64_t axis : named) axes.push_back(normalize_axis(axis, rank));
  return axes;
}

void infer(const Node& node, std::span<ValueType> outputs) {
  infer_same(node, outputs);
  check_index(node.input(1)->type(), "shape");
  const std::vector<size_t> axes = axes_of(node.attrs(), outputs[0].dims.size());
  check_dims(node.input(1)->type(), {static_cast<int64_t>(axes.size())}, "shape");
  const auto sizes = shape_value(node.input(1));
  for (size_t i = 0; i < axes.size(); ++i) outputs[0].dims[axes[i]] = sizes ? (*sizes)[i].dim() : Dim();
}

// Both tensors are cut to the smaller size along each axis; the odd element is left out at the end.
void reference(const ReferenceArgs& args) {
  const Tensor& src = args.inputs[0];
  const Tensor& dst = args.outputs[0];
  Shape extent = src.shape();
  Strided from = {0, src.shape().strides()};
  Strided to = {0, dst.shape().strides()};
  for (size_t i = 0; i < extent.rank(); ++i) {
    const int64_t excess = src.shape()[i] - dst.shape()[i];
    extent[i] = std::min(src.shape()[i], dst.shape()[i]);
    from.offset += std::max<int64_t>(excess, 0) / 2 * from.strides[i];
    to.offset += std::max<int64_t>(-excess, 0) / 2 * to.strides[i];
  }
  std::fill_n(dst.raw(), dst.size_bytes(), std::byte{});
  copy_strided(src, from, dst, to, extent);
}

std::vector<Value*> grad(const GradArgs& args) {
  const Shape shape = args.node.input(0)->shape();
  std::vector<int64_t> sizes;
  for (const size_t axis : axes_of(args.node.attrs(), shape.rank())) sizes.push_back(shape[axis]);
  return {
      args.builder.op("CenterCropPad", {args.grad_outputs[0], args.builder.i64(sizes)}, args.node.attrs()),
      nullptr};
}

}  // namespace

extern const OpDef kCenterCropPad;
const OpDef kCenterCropPad = {
    .name = "CenterCropPad",
    .doc = "dst = the middle of src, cropped or padded with zeros to the sizes in `shape` along `axes`.",
    .inputs = {{"src"}, {.name = "shape", .state = true, .domain = positive_numbers}},
    .outputs = {{"dst"}},
    .attrs = {"axes"},
    .infer = infer,
    .reference = reference,
    .grad = Grad(grad, "sizes are not numbers to differentiate by"),
    .amp = Amp::kClear,
    .quant = quant_float("zero has no code when the scale is asymmetric"),
    .sparsity = no_sparsity(),
    .examples = {{.inputs = {{.shape = {5, 4}}, example_ints({2, 7})}},
                 {.inputs = {{.shape = {2, 4, 5}}, example_ints({6, 1})},
                  .attrs = {{"axes", std::vector<int64_t>{-1, 1}}}}},
};

}  // namespace twofour::ops
