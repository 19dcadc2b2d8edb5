// TensorScatter: writing new entries into a key/value cache (ONNX opset 24).
#include <algorithm>

#include "ops/domain.h"
#include "ops/infer.h"
#include "ops/strided.h"

namespace twofour::ops {
namespace {

bool is_circular(const Attrs& attrs) {
  const std::string mode = attrs.s("mode", "linear");
  TWOFOUR_CHECK(mode == "linear" || mode == "circular", kInvalidArgument,
                "mode \"{}\" is not known; linear and circular are", mode);
  return mode == "circular";
}

size_t axis_from(const Attrs& attrs, size_t rank) {
  const size_t axis = normalize_axis(attrs.i("axis", -2), rank);
  TWOFOUR_CHECK(axis > 0, kInvalidArgument, "axis is 0, which is the batch");
  return axis;
}

void infer(const Node& node, std::span<ValueType> outputs) {
  const ValueType& cache = node.input(0)->type();
  const ValueType& update = node.input(1)->type();
  check_dtype(update, cache.dtype, "update");
  is_circular(node.attrs());
  const size_t axis = axis_from(node.attrs(), cache.dims.size());
  Dims expected = cache.dims;
  if (update.dims.size() == expected.size()) expected[axis] = update.dims[axis];
  check_dims(update, expected, "update");
  TWOFOUR_CHECK(
      !expected[axis].known() || !cache.dims[axis].known() || expected[axis].value <= cache.dims[axis].value,
      kInvalidArgument, "update {} is longer than the cache {}", update.to_string(), cache.to_string());
  if (const Value* begin = node.input(2)) {
    check_index(begin->type(), "write_indices");
    check_dims(begin->type(), {cache.dims[0]}, "write_indices");
  }
  outputs[0] = cache;
}

void reference(const ReferenceArgs& args) {
  const Tensor& update = args.inputs[1];
  const Tensor& dst = args.outputs[0];
  const Shape& shape = dst.shape();
  const size_t axis = axis_from(args.attrs, shape.rank());
  const bool circular = is_circular(args.attrs);
  const Tensor begins = input_or_none(args, 2);
  const std::vector<int64_t> begin =
      begins.defined() ? to_ints(begins) : std::vector<int64_t>(static_cast<size_t>(shape[0]), 0);
  std::copy_n(args.inputs[0].raw(), dst.size_bytes(), dst.raw());
  const AxisView to(shape, axis);
  const AxisView from(update.shape(), axis);
  const int64_t per_batch = shape.numel(1, axis);
  const int64_t bytes = to.inner * static_cast<int64_t>(dtype_size(dst.dtype()));
  for (int64_t o = 0; o < to.outer; ++o)
    for (int64_t i = 0; i < from.size; ++i) {
      const int64_t first = begin[static_cast<size_t>(o / per_batch)];
      TWOFOUR_CHECK(first >= 0 && first < to.size && (circular || first + i < to.size), kInvalidArgument,
                    "write index {} with {} entries leaves the cache of {}", first, from.size, to.size);
      const int64_t row = (first + i) % to.size;
      std::copy_n(update.raw() + (o * from.size + i) * bytes, bytes, dst.raw() + (o * to.size + row) * bytes);
    }
}

Domain first_places(const Node& node, size_t) {
  const Dims& cache = node.input(0)->dims();
  const size_t axis = axis_from(node.attrs(), cache.size());
  const Dim& room = cache[axis];
  const Dim& size = node.input(1)->dims()[axis];
  return index_into(room.known() && size.known() ? Dim(room.value - size.value + 1) : Dim());
}

}  // namespace

extern const OpDef kTensorScatter;
const OpDef kTensorScatter = {
    .name = "TensorScatter",
    .doc =
        "dst = cache with update written along `axis` from write_indices[n] on; circular: modulo its size.",
    .inputs = {{"cache"},
               {"update"},
               {.name = "write_indices", .optional = true, .state = true, .domain = first_places}},
    .outputs = {{"dst"}},
    .attrs = {"axis", "mode"},
    .infer = infer,
    .reference = reference,
    .grad = not_differentiable("a cache belongs to inference"),
    .amp = Amp::kClear,
    .quant = quant_float("cache and update would need one common scale"),
    .sparsity = no_sparsity(),
    .examples = {{.inputs = {{.shape = {2, 3, 5, 4}}, {.shape = {2, 3, 2, 4}}}},
                 {.inputs = {{.shape = {2, 3, 4}},
                             {.shape = {2, 2, 4}},
                             {.dtype = DType::kI64, .shape = {2}, .values = {1, 2}}},
                  .attrs = {{"axis", int64_t{1}}, {"mode", std::string("circular")}}}},
};

}  // namespace twofour::ops
