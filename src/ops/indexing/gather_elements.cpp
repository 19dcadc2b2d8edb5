// GatherElements and ScatterElements, each the other's gradient: one index per element, along one axis.
#include <algorithm>

#include "ops/builder.h"
#include "ops/domain.h"
#include "ops/indexing/scatter_reduction.h"
#include "ops/infer.h"
#include "ops/strided.h"

namespace twofour::ops {
namespace {

/// Checks src and indices, whose sizes may not exceed src's beside the axis; returns the axis.
size_t check_elements(const Node& node) {
  const ValueType& src = node.input(0)->type();
  const ValueType& indices = node.input(1)->type();
  check_index(indices, "indices");
  const size_t axis = normalize_axis(node.attrs().i("axis", 0), src.dims.size());
  bool fits = indices.dims.size() == src.dims.size();
  for (size_t i = 0; fits && i < src.dims.size(); ++i)
    fits = i == axis || !src.dims[i].known() || !indices.dims[i].known() ||
           indices.dims[i].value <= src.dims[i].value;
  TWOFOUR_CHECK(fits, kInvalidArgument, "indices {} do not lie inside src {} beside axis {}",
                indices.to_string(), src.to_string(), axis);
  return axis;
}

void infer_gather(const Node& node, std::span<ValueType> outputs) {
  check_elements(node);
  outputs[0] = {node.input(0)->dtype(), node.input(1)->dims()};
}

void infer_scatter(const Node& node, std::span<ValueType> outputs) {
  check_elements(node);
  const ValueType& src = node.input(0)->type();
  check_dtype(node.input(2)->type(), src.dtype, "updates");
  check_dims(node.input(2)->type(), node.input(1)->dims(), "updates");
  check_scatter_dtype(scatter_reduction_from(node.attrs()), src.dtype);
  outputs[0] = src;
}

/// Calls fn(index into the indices, index into a tensor of shape `src`) for every element of the indices.
template <typename Fn>
void for_each_index(const Shape& src, const Tensor& indices, const Attrs& attrs, Fn&& fn) {
  const size_t axis = normalize_axis(attrs.i("axis", 0), src.rank());
  std::vector<int64_t> strides = src.strides();
  const int64_t stride = std::exchange(strides[axis], 0);
  const std::vector<int64_t> rows = to_ints(indices);
  int64_t at = 0;
  for_each_offset<1>(indices.shape(), {strides}, [&](const std::array<int64_t, 1>& offset) {
    fn(at, offset[0] + normalize_index(rows[static_cast<size_t>(at)], src[axis]) * stride);
    ++at;
  });
}

void reference_gather(const ReferenceArgs& args) {
  for_each_index(args.inputs[0].shape(), args.inputs[1], args.attrs, [&](int64_t to, int64_t from) {
    scatter_element(ScatterReduction::kNone, args.outputs[0], to, args.inputs[0], from);
  });
}

void reference_scatter(const ReferenceArgs& args) {
  const Tensor& dst = args.outputs[0];
  const ScatterReduction reduction = scatter_reduction_from(args.attrs);
  std::copy_n(args.inputs[0].raw(), dst.size_bytes(), dst.raw());
  for_each_index(dst.shape(), args.inputs[1], args.attrs, [&](int64_t from, int64_t to) {
    scatter_element(reduction, dst, to, args.inputs[2], from);
  });
}

Attrs axis_of(const Node& node) { return {{"axis", node.attrs().i("axis", 0)}}; }

std::vector<Value*> grad_gather(const GradArgs& args) {
  const Node& node = args.node;
  Value* zeros = args.builder.constant("zeros", Tensor(node.input(0)->dtype(), node.input(0)->shape()));
  Attrs attrs = axis_of(node);
  attrs.set("reduction", std::string("add"));
  return {args.builder.op("ScatterElements", {zeros, node.input(1), args.grad_outputs[0]}, std::move(attrs)),
          nullptr};
}

std::vector<Value*> grad_scatter(const GradArgs& args) {
  Builder& b = args.builder;
  Value* dy = args.grad_outputs[0];
  const Node& node = args.node;
  return scatter_grad(
      args,
      [&] {
        return b.op("GatherElements", {dy, node.input(1)}, axis_of(node));
      },
      [&] {
        Value* zeros = b.constant("zeros", Tensor(dy->dtype(), node.input(2)->shape()));
        return b.op("ScatterElements", {dy, node.input(1), zeros}, axis_of(node));
      });
}

ExampleInput indices(Shape shape, std::vector<float> values) {
  return {.dtype = DType::kI64, .shape = std::move(shape), .values = std::move(values)};
}

}  // namespace

extern const OpDef kGatherElements;
const OpDef kGatherElements = {
    .name = "GatherElements",
    .doc = "dst[i,j,...] = src[i,j,...] with the position along `axis` replaced by indices[i,j,...].",
    .inputs = {{"src"}, {.name = "indices", .state = true, .domain = index_along_axis}},
    .outputs = {{"dst"}},
    .attrs = {"axis"},
    .infer = infer_gather,
    .reference = reference_gather,
    .grad = Grad(grad_gather, "indices are not numbers to differentiate by"),
    .amp = Amp::kClear,
    .quant = quant_commutes(),
    .sparsity = no_sparsity(),
    .examples = {{.inputs = {{.shape = {3, 4}}, indices({2, 4}, {0, -1, 2, 1, 2, 0, 2, -3})}},
                 {.inputs = {{.shape = {2, 5, 3}}, indices({2, 1, 3}, {4, 0, -5, 1, 1, 3})},
                  .attrs = {{"axis", int64_t{-2}}}},
                 {.inputs = {{.dtype = DType::kBool, .shape = {3}}, indices({2}, {2, 0})}}},
};

extern const OpDef kScatterElements;
const OpDef kScatterElements = {
    .name = "ScatterElements",
    .doc = "dst = src with updates[i,j,...] put (or reduced) at the positions that GatherElements reads.",
    .inputs = {{"src"}, {.name = "indices", .state = true, .domain = index_along_axis}, {"updates"}},
    .outputs = {{"dst"}},
    .attrs = {"axis", "reduction"},
    .infer = infer_scatter,
    .reference = reference_scatter,
    .grad = Grad(grad_scatter, "indices are not numbers to differentiate by"),
    .amp = Amp::kClear,
    .quant = quant_float("src and updates would need one common scale"),
    .sparsity = no_sparsity(),
    .examples = {{.inputs = {{.shape = {3, 4}}, indices({2, 3}, {0, -1, 2, 1, 1, 0}), {.shape = {2, 3}}}},
                 {.inputs = {{.shape = {2, 5}}, indices({2, 3}, {4, 0, 4, 1, -1, 1}), {.shape = {2, 3}}},
                  .attrs = {{"axis", int64_t{1}}, {"reduction", std::string("add")}}},
                 {.inputs = {{.shape = {5}}, indices({3}, {4, 0, 4}), {.shape = {3}}},
                  .attrs = {{"reduction", std::string("mul")}}},
                 {.inputs = {{.dtype = DType::kI32, .shape = {5}, .low = -9, .high = 9},
                             indices({3}, {4, 0, 4}),
                             {.dtype = DType::kI32, .shape = {3}, .low = -9, .high = 9}},
                  .attrs = {{"reduction", std::string("max")}}}},
};

}  // namespace twofour::ops
