// Compress and NonZero: what a condition selects, and where.
#include <algorithm>

#include "ops/infer.h"
#include "ops/strided.h"

namespace twofour::ops {
namespace {

/// The selected positions among `size`.
std::vector<int64_t> selected(const Tensor& condition, int64_t size) {
  std::vector<int64_t> positions;
  const auto flags = condition.span<bool>();
  for (size_t i = 0; i < flags.size(); ++i) {
    if (!flags[i]) continue;
    TWOFOUR_CHECK(static_cast<int64_t>(i) < size, kInvalidArgument,
                  "condition selects position {}, but there are {}", i, size);
    positions.push_back(static_cast<int64_t>(i));
  }
  return positions;
}

AxisView view_of(const Attrs& attrs, const Shape& shape) {
  if (!attrs.has("axis")) return {{shape.numel()}, 0};
  return {shape, normalize_axis(attrs.i("axis", 0), shape.rank())};
}

void infer_compress(const Node& node, std::span<ValueType> outputs) {
  const ValueType& src = node.input(0)->type();
  check_dtype(node.input(1)->type(), DType::kBool, "condition");
  TWOFOUR_CHECK(node.input(1)->rank() == 1, kInvalidArgument, "condition is {}; a vector is expected",
                node.input(1)->type().to_string());
  Dim kept;
  if (node.input(1)->is_constant()) kept = std::ranges::count(node.input(1)->data().span<bool>(), true);
  outputs[0] = {src.dtype, {kept}};
  if (!node.attrs().has("axis")) return;
  outputs[0].dims = src.dims;
  outputs[0].dims[normalize_axis(node.attrs().i("axis", 0), src.dims.size())] = kept;
}

void reference_compress(const ReferenceArgs& args) {
  const Tensor& src = args.inputs[0];
  const AxisView view = view_of(args.attrs, src.shape());
  const std::vector<int64_t> positions = selected(args.inputs[1], view.size);
  const auto size = view.inner * static_cast<int64_t>(dtype_size(src.dtype()));
  std::byte* dst = args.outputs[0].raw();
  for (int64_t o = 0; o < view.outer; ++o)
    for (const int64_t at : positions) dst = std::copy_n(src.raw() + (o * view.size + at) * size, size, dst);
}

std::vector<int64_t> nonzero(const Tensor& src) {
  const Tensor flags = src.to(DType::kBool);
  return selected(flags, flags.numel());
}

void infer_nonzero(const Node& node, std::span<ValueType> outputs) {
  Dim count;
  if (node.input(0)->is_constant()) count = static_cast<int64_t>(nonzero(node.input(0)->data()).size());
  outputs[0] = {DType::kI64, {static_cast<int64_t>(node.input(0)->rank()), count}};
}

void reference_nonzero(const ReferenceArgs& args) {
  const std::vector<int64_t> strides = args.inputs[0].shape().strides();
  const std::vector<int64_t> positions = nonzero(args.inputs[0]);
  auto dst = args.outputs[0].span<int64_t>().begin();
  for (size_t axis = 0; axis < strides.size(); ++axis)
    for (const int64_t at : positions) *dst++ = at / strides[axis] % args.inputs[0].shape()[axis];
}

}  // namespace

extern const OpDef kCompress;
const OpDef kCompress = {
    .name = "Compress",
    .doc = "dst = the slices of src along `axis` (its elements without one) for which condition is true.",
    .inputs = {{"src"}, {.name = "condition", .state = true}},
    .outputs = {{"dst"}},
    .attrs = {"axis"},
    .infer = infer_compress,
    .reference = reference_compress,
    .grad = not_differentiable("the size of the result depends on the data"),
    .amp = Amp::kClear,
    .quant = quant_commutes(),
    .sparsity = no_sparsity(),
    .examples =
        {{.inputs = {{.shape = {3, 2}},
                     {.dtype = DType::kBool, .shape = {5}, .values = {0, 1, 0, 0, 1}, .constant = true}}},
         {.inputs = {{.shape = {2, 3, 2}},
                     {.dtype = DType::kBool, .shape = {2}, .values = {0, 1}, .constant = true}},
          .attrs = {{"axis", int64_t{-2}}}}},
};

extern const OpDef kNonZero;
const OpDef kNonZero = {
    .name = "NonZero",
    .doc = "dst[axis,i] = the position along each axis of the i-th element of src that is not 0.",
    .inputs = {{"src"}},
    .outputs = {{.name = "dst", .state = true}},
    .infer = infer_nonzero,
    .reference = reference_nonzero,
    .grad = not_differentiable("positions are not numbers to differentiate"),
    .amp = Amp::kClear,
    .quant = quant_float("gives positions"),
    .sparsity = no_sparsity(),
    .examples = {{.inputs = {{.shape = {2, 3}, .values = {0, 2, 0, -1, 0, 5}, .constant = true}}},
                 {.inputs = {{.dtype = DType::kBool, .shape = {2}, .values = {0, 1}, .constant = true}}}},
};

}  // namespace twofour::ops
