#include "ops/builder.h"
#include "ops/infer.h"
#include "ops/strided.h"

namespace twofour::ops {
namespace {

/// Attribute perm, checked; the reversed axes without it.
std::vector<size_t> permutation(const Attrs& attrs, size_t rank) {
  const std::vector<int64_t> perm = attrs.ints("perm");
  std::vector<size_t> axes(rank);
  if (!attrs.has("perm")) {
    for (size_t i = 0; i < rank; ++i) axes[i] = rank - 1 - i;
    return axes;
  }
  TWOFOUR_CHECK(perm.size() == rank, kInvalidArgument, "perm [{}] does not permute {} axes",
                fmt::join(perm, ","), rank);
  axis_flags(perm, rank);
  for (size_t i = 0; i < rank; ++i) axes[i] = normalize_axis(perm[i], rank);
  return axes;
}

void infer(const Node& node, std::span<ValueType> outputs) {
  const ValueType& src = node.input(0)->type();
  outputs[0].dtype = src.dtype;
  for (const size_t axis : permutation(node.attrs(), src.dims.size()))
    outputs[0].dims.push_back(src.dims[axis]);
}

void reference(const ReferenceArgs& args) {
  const Shape& src = args.inputs[0].shape();
  const Shape& dst = args.outputs[0].shape();
  const std::vector<int64_t> strides = src.strides();
  std::vector<int64_t> from;
  for (const size_t axis : permutation(args.attrs, src.rank())) from.push_back(strides[axis]);
  copy_strided(args.inputs[0], {0, from}, args.outputs[0], {0, dst.strides()}, dst);
}

std::vector<Value*> grad(const GradArgs& args) {
  const std::vector<size_t> axes = permutation(args.node.attrs(), args.node.input(0)->rank());
  std::vector<int64_t> inverse(axes.size());
  for (size_t i = 0; i < axes.size(); ++i) inverse[axes[i]] = static_cast<int64_t>(i);
  return {args.builder.transpose(args.grad_outputs[0], std::move(inverse))};
}

}  // namespace

extern const OpDef kTranspose;
const OpDef kTranspose = {
    .name = "Transpose",
    .doc = "dst = src with axis perm[i] in place i; reversed axes without perm.",
    .inputs = {{"src"}},
    .outputs = {{"dst"}},
    .attrs = {"perm"},
    .infer = infer,
    .reference = reference,
    .grad = grad,
    .amp = Amp::kClear,
    .quant = quant_commutes(),
    .sparsity = no_sparsity(),
    .examples = {{.inputs = {{.shape = {2, 3, 4, 5}}}, .attrs = {{"perm", std::vector<int64_t>{0, 2, 3, 1}}}},
                 {.inputs = {{.shape = {3, 5, 2}}}},
                 {.inputs = {{.shape = {3, 4, 5}}}, .attrs = {{"perm", std::vector<int64_t>{2, 0, 1}}}}},
};

}  // namespace twofour::ops
