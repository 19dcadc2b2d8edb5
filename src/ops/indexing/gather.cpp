#include <algorithm>

#include "ops/builder.h"
#include "ops/domain.h"
#include "ops/infer.h"
#include "ops/strided.h"

namespace twofour::ops {
namespace {

/// src's dims with `axis` replaced by the dims of the indices.
template <typename List>
List gathered(const List& src, const List& indices, size_t axis) {
  List dims(src.begin(), src.begin() + static_cast<int64_t>(axis));
  dims.insert(dims.end(), indices.begin(), indices.end());
  dims.insert(dims.end(), src.begin() + static_cast<int64_t>(axis) + 1, src.end());
  return dims;
}

void infer(const Node& node, std::span<ValueType> outputs) {
  const ValueType& src = node.input(0)->type();
  check_index(node.input(1)->type(), "indices");
  const size_t axis = normalize_axis(node.attrs().i("axis", 0), src.dims.size());
  outputs[0] = {src.dtype, gathered(src.dims, node.input(1)->dims(), axis)};
}

/// Calls fn(first byte in the gathered tensor, first byte in src, bytes) for every block of contiguous
/// elements.
template <typename Fn>
void for_each_block(const Shape& src, const Tensor& indices, size_t axis, Fn&& fn) {
  const AxisView view(src, axis);
  const std::vector<int64_t> rows = to_ints(indices);
  int64_t at = 0;
  for (int64_t o = 0; o < view.outer; ++o)
    for (const int64_t row : rows) {
      fn(at, (o * view.size + normalize_index(row, view.size)) * view.inner, view.inner);
      at += view.inner;
    }
}

void reference(const ReferenceArgs& args) {
  const Tensor& src = args.inputs[0];
  const auto size = static_cast<int64_t>(dtype_size(src.dtype()));
  for_each_block(src.shape(), args.inputs[1], normalize_axis(args.attrs.i("axis", 0), src.shape().rank()),
                 [&](int64_t to, int64_t from, int64_t count) {
                   std::copy_n(src.raw() + from * size, count * size, args.outputs[0].raw() + to * size);
                 });
}

std::vector<Value*> grad(const GradArgs& args) {
  const Node& node = args.node;
  return {
      args.builder.op("GatherGrad", {args.grad_outputs[0], node.input(1)},
                      {{"axis", node.attrs().i("axis", 0)}, {"src_shape", node.input(0)->shape().dims()}}),
      nullptr};
}

void infer_grad(const Node& node, std::span<ValueType> outputs) {
  const ValueType& dy = node.input(0)->type();
  check_float(dy, "grad_dst");
  check_index(node.input(1)->type(), "indices");
  const Dims src = to_dims(shape_attr(node.attrs(), "src_shape"));
  const size_t axis = normalize_axis(node.attrs().i("axis", 0), src.size());
  check_dims(dy, gathered(src, node.input(1)->dims(), axis), "grad_dst");
  outputs[0] = {dy.dtype, src};
}

void reference_grad(const ReferenceArgs& args) {
  const float* dy = args.inputs[0].span<float>().data();
  const auto dx = args.outputs[0].span<float>();
  const Shape& shape = args.outputs[0].shape();
  std::ranges::fill(dx, 0.0F);
  for_each_block(shape, args.inputs[1], normalize_axis(args.attrs.i("axis", 0), shape.rank()),
                 [&](int64_t from, int64_t to, int64_t count) {
                   float* into = dx.data() + to;
                   for (int64_t i = 0; i < count; ++i) into[i] += dy[from + i];
                 });
}

Domain index_of_source(const Node& node, size_t) {
  const Shape src = shape_attr(node.attrs(), "src_shape");
  return index_into(src[normalize_axis(node.attrs().i("axis", 0), src.rank())]);
}

}  // namespace

extern const OpDef kGather;
const OpDef kGather = {
    .name = "Gather",
    .doc = "dst = the entries of src at `indices` along `axis`; negative indices count from the end.",
    .inputs = {{"src"}, {.name = "indices", .state = true, .domain = index_along_axis}},
    .outputs = {{"dst"}},
    .attrs = {"axis"},
    .infer = infer,
    .reference = reference,
    .grad = Grad(grad, "indices are not numbers to differentiate by"),
    .amp = Amp::kClear,
    .quant = quant_commutes(),
    .sparsity = no_sparsity(),
    .examples = {{.inputs = {{.shape = {5, 3}},
                             {.dtype = DType::kI64, .shape = {2, 2}, .values = {0, 4, -1, 2}}}},
                 {.inputs = {{.shape = {2, 4, 3}}, {.dtype = DType::kI64, .shape = {3}, .values = {3, 0, 3}}},
                  .attrs = {{"axis", int64_t{1}}}},
                 {.inputs = {{.dtype = DType::kI64, .shape = {4}},
                             {.dtype = DType::kI64, .shape = {}, .values = {2}, .constant = true}}}},
};

extern const OpDef kGatherGrad;
const OpDef kGatherGrad = {
    .name = "GatherGrad",
    .doc = "Gradient of Gather: zeros of src_shape with every entry of grad_dst added at its index.",
    .standard = false,
    .inputs = {{"grad_dst"}, {.name = "indices", .state = true, .domain = index_of_source}},
    .outputs = {{"grad_src"}},
    .attrs = {"axis", "src_shape"},
    .infer = infer_grad,
    .reference = reference_grad,
    .grad = not_differentiable("second derivatives are not supported"),
    .amp = Amp::kDeny,
    .quant = quant_float("a gradient"),
    .sparsity = no_sparsity(),
    .examples = {{.inputs = {{.shape = {2, 3, 3}}, {.dtype = DType::kI64, .shape = {3}, .values = {3, 0, 3}}},
                  .attrs = {{"axis", int64_t{1}}, {"src_shape", std::vector<int64_t>{2, 4, 3}}}}},
};

}  // namespace twofour::ops
