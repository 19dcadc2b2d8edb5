// GatherND and ScatterND: the last axis of the indices addresses a slice of src.
#include <algorithm>

#include "ops/builder.h"
#include "ops/domain.h"
#include "ops/indexing/scatter_reduction.h"
#include "ops/infer.h"

namespace twofour::ops {
namespace {

struct Addressing {
  size_t batch;  // leading axes that src and indices share
  size_t depth;  // axes of src after those that one index covers
};

Addressing addressing(const Attrs& attrs, const ValueType& src, const ValueType& indices) {
  const int64_t batch = attrs.i("batch_dims", 0);
  const size_t most = std::min(src.dims.size(), indices.dims.size());
  TWOFOUR_CHECK(batch >= 0 && static_cast<size_t>(batch) < most, kInvalidArgument,
                "batch_dims is {}; it must be less than the axes of src {} and indices {}", batch,
                src.to_string(), indices.to_string());
  const Dim& last = indices.dims.back();
  TWOFOUR_CHECK(last.known(), kUnsupported, "the last size of indices is not known from the graph");
  const auto left = static_cast<int64_t>(src.dims.size()) - batch;
  TWOFOUR_CHECK(last.value >= 1 && last.value <= left, kInvalidArgument,
                "an index of {} numbers does not fit the {} axes of src {} after batch_dims", last.value,
                left, src.to_string());
  for (size_t i = 0; i < static_cast<size_t>(batch); ++i)
    TWOFOUR_CHECK(dims_fit(src.dims[i], indices.dims[i]), kInvalidArgument,
                  "src {} and indices {} differ in a batch axis", src.to_string(), indices.to_string());
  return {static_cast<size_t>(batch), static_cast<size_t>(last.value)};
}

/// The shape of what the indices address: theirs without the last axis, then the slice's.
Dims addressed(const Node& node) {
  const ValueType& src = node.input(0)->type();
  const ValueType& indices = node.input(1)->type();
  check_index(indices, "indices");
  const Addressing by = addressing(node.attrs(), src, indices);
  Dims dims(indices.dims.begin(), indices.dims.end() - 1);
  dims.insert(dims.end(), src.dims.begin() + static_cast<int64_t>(by.batch + by.depth), src.dims.end());
  return dims;
}

void infer_gather(const Node& node, std::span<ValueType> outputs) {
  const ValueType& indices = node.input(1)->type();
  if (indices.dims.empty() || indices.dims.back().known())
    outputs[0] = {node.input(0)->dtype(), addressed(node)};
  else outputs[0] = ValueType::unknown(node.input(0)->dtype());
}

void infer_scatter(const Node& node, std::span<ValueType> outputs) {
  const ValueType& src = node.input(0)->type();
  check_dtype(node.input(2)->type(), src.dtype, "updates");
  const Dims& indices = node.input(1)->dims();
  if (indices.empty() || indices.back().known())
    check_dims(node.input(2)->type(), addressed(node), "updates");
  check_scatter_dtype(scatter_reduction_from(node.attrs()), src.dtype);
  outputs[0] = src;
}

/// Calls fn(element of the addressed tensor, element of src, elements) for every slice.
template <typename Fn>
void for_each_slice(const Shape& src, const Tensor& indices, const Attrs& attrs, Fn&& fn) {
  const Shape& shape = indices.shape();
  const auto [batch, depth] = addressing(attrs, {DType::kF32, to_dims(src)}, {DType::kI64, to_dims(shape)});
  const std::vector<int64_t> strides = src.strides();
  const std::vector<int64_t> numbers = to_ints(indices);
  const int64_t per_batch = shape.numel(batch, shape.rank() - 1);
  const int64_t step = src.numel(batch, src.rank());
  const int64_t slice = src.numel(batch + depth, src.rank());
  const auto total = static_cast<int64_t>(numbers.size() / depth);
  for (int64_t i = 0; i < total; ++i) {
    int64_t offset = i / per_batch * step;
    for (size_t d = 0; d < depth; ++d)
      offset +=
          normalize_index(numbers[static_cast<size_t>(i) * depth + d], src[batch + d]) * strides[batch + d];
    fn(i * slice, offset, slice);
  }
}

void reference_gather(const ReferenceArgs& args) {
  const auto size = static_cast<int64_t>(dtype_size(args.inputs[0].dtype()));
  for_each_slice(
      args.inputs[0].shape(), args.inputs[1], args.attrs, [&](int64_t to, int64_t from, int64_t count) {
        std::copy_n(args.inputs[0].raw() + from * size, count * size, args.outputs[0].raw() + to * size);
      });
}

void reference_scatter(const ReferenceArgs& args) {
  const Tensor& dst = args.outputs[0];
  const ScatterReduction reduction = scatter_reduction_from(args.attrs);
  std::copy_n(args.inputs[0].raw(), dst.size_bytes(), dst.raw());
  for_each_slice(dst.shape(), args.inputs[1], args.attrs, [&](int64_t from, int64_t to, int64_t count) {
    for (int64_t i = 0; i < count; ++i) scatter_element(reduction, dst, to + i, args.inputs[2], from + i);
  });
}

std::vector<Value*> grad_gather(const GradArgs& args) {
  const Node& node = args.node;
  TWOFOUR_CHECK(node.attrs().i("batch_dims", 0) == 0, kUnsupported, "{} has no gradient with batch_dims",
                node.label());
  Value* zeros = args.builder.constant("zeros", Tensor(node.input(0)->dtype(), node.input(0)->shape()));
  return {args.builder.op("ScatterND", {zeros, node.input(1), args.grad_outputs[0]},
                          {{"reduction", std::string("add")}}),
          nullptr};
}

std::vector<Value*> grad_scatter(const GradArgs& args) {
  Builder& b = args.builder;
  Value* dy = args.grad_outputs[0];
  const Node& node = args.node;
  return scatter_grad(
      args,
      [&] {
        return b.op("GatherND", {dy, node.input(1)});
      },
      [&] {
        Value* zeros = b.constant("zeros", Tensor(dy->dtype(), node.input(2)->shape()));
        return b.op("ScatterND", {dy, node.input(1), zeros});
      });
}

ExampleInput indices(Shape shape, std::vector<float> values) {
  return {.dtype = DType::kI64, .shape = std::move(shape), .values = std::move(values)};
}

// Within the shortest of the axes that are addressed.
Domain index_of_slice(const Node& node, size_t) {
  const ValueType& src = node.input(0)->type();
  const ValueType& indices = node.input(1)->type();
  Dim shortest;
  if (!indices.dims.back().known()) return index_into(shortest);
  const Addressing by = addressing(node.attrs(), src, indices);
  for (size_t axis = by.batch; axis < by.batch + by.depth; ++axis)
    if (const Dim& dim = src.dims[axis]; dim.known() && (!shortest.known() || dim.value < shortest.value))
      shortest = dim;
  return index_into(shortest);
}

}  // namespace

extern const OpDef kGatherND;
const OpDef kGatherND = {
    .name = "GatherND",
    .doc = "dst[i,...] = src[indices[i,0], indices[i,1], ...], after `batch_dims` axes that both share.",
    .inputs = {{"src"}, {.name = "indices", .state = true, .domain = index_of_slice}},
    .outputs = {{"dst"}},
    .attrs = {"batch_dims"},
    .infer = infer_gather,
    .reference = reference_gather,
    .grad = Grad(grad_gather, "indices are not numbers to differentiate by"),
    .amp = Amp::kClear,
    .quant = quant_commutes(),
    .sparsity = no_sparsity(),
    .examples = {{.inputs = {{.shape = {3, 4, 2}}, indices({3, 2}, {0, 3, -1, 0, 0, 3})}},
                 {.inputs = {{.shape = {3, 4}}, indices({2, 1, 2}, {0, 3, 2, 2})}},
                 {.inputs = {{.dtype = DType::kI64, .shape = {2, 3, 2}, .high = 9}, indices({2, 1}, {2, 0})},
                  .attrs = {{"batch_dims", int64_t{1}}}}},
};

extern const OpDef kScatterND;
const OpDef kScatterND = {
    .name = "ScatterND",
    .doc = "dst = src with updates[i,...] put (or reduced) at src[indices[i,0], indices[i,1], ...].",
    .inputs = {{"src"}, {.name = "indices", .state = true, .domain = index_of_slice}, {"updates"}},
    .outputs = {{"dst"}},
    .attrs = {"reduction"},
    .infer = infer_scatter,
    .reference = reference_scatter,
    .grad = Grad(grad_scatter, "indices are not numbers to differentiate by"),
    .amp = Amp::kClear,
    .quant = quant_float("src and updates would need one common scale"),
    .sparsity = no_sparsity(),
    .examples = {{.inputs = {{.shape = {4, 3}}, indices({2, 1}, {-1, 1}), {.shape = {2, 3}}}},
                 {.inputs = {{.shape = {4, 3}}, indices({3, 2}, {0, 2, 3, 1, 0, 2}), {.shape = {3}}},
                  .attrs = {{"reduction", std::string("add")}}},
                 {.inputs = {{.shape = {5}}, indices({2, 1}, {4, 4}), {.shape = {2}}},
                  .attrs = {{"reduction", std::string("min")}}}},
};

}  // namespace twofour::ops
