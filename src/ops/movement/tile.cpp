#include <algorithm>

#include "ops/builder.h"
#include "ops/domain.h"
#include "ops/example.h"
#include "ops/infer.h"
#include "ops/shape_value.h"
#include "ops/strided.h"

namespace twofour::ops {
namespace {

void check_repeats(const std::vector<int64_t>& repeats, size_t rank) {
  TWOFOUR_CHECK(repeats.size() == rank && std::ranges::all_of(repeats, [](int64_t r) { return r >= 0; }),
                kInvalidArgument, "repeats are [{}]; {} numbers that are not negative are expected",
                fmt::join(repeats, ","), rank);
}

void infer(const Node& node, std::span<ValueType> outputs) {
  const ValueType& src = node.input(0)->type();
  check_index(node.input(1)->type(), "repeats");
  outputs[0] = {src.dtype, Dims(src.dims.size())};
  const auto repeats = known_ints(node.input(1));
  if (!repeats) return;
  check_repeats(*repeats, src.dims.size());
  for (size_t i = 0; i < src.dims.size(); ++i) {
    const Dim factors[] = {src.dims[i], (*repeats)[i]};
    outputs[0].dims[i] = product(factors);
  }
}

/// dst's shape with every axis split into repeat and size.
Shape split_shape(const Shape& src, const std::vector<int64_t>& repeats) {
  Shape split;
  for (size_t i = 0; i < src.rank(); ++i) {
    split.push_back(repeats[i]);
    split.push_back(src[i]);
  }
  return split;
}

void reference(const ReferenceArgs& args) {
  const Tensor& src = args.inputs[0];
  const std::vector<int64_t> repeats = to_ints(args.inputs[1]);
  check_repeats(repeats, src.shape().rank());
  const Shape split = split_shape(src.shape(), repeats);
  std::vector<int64_t> strides;
  for (const int64_t stride : src.shape().strides()) strides.insert(strides.end(), {0, stride});
  copy_strided(src, {0, std::move(strides)}, args.outputs[0], {0, split.strides()}, split);
}

std::vector<Value*> grad(const GradArgs& args) {
  const Node& node = args.node;
  const auto repeats = known_ints(node.input(1));
  TWOFOUR_CHECK(repeats, kUnsupported, "{} has no constant repeats", node.label());
  Value* split = args.builder.reshape(args.grad_outputs[0], split_shape(node.input(0)->shape(), *repeats));
  std::vector<int64_t> axes;
  for (size_t i = 0; i < repeats->size(); ++i) axes.push_back(static_cast<int64_t>(2 * i));
  return {axes.empty() ? split : args.builder.reduce_sum(split, axes, false), nullptr};
}

}  // namespace

extern const OpDef kTile;
const OpDef kTile = {
    .name = "Tile",
    .doc = "dst = src repeated repeats[i] times along each axis i.",
    .inputs = {{"src"}, {.name = "repeats", .state = true, .domain = exactly<1>}},
    .outputs = {{"dst"}},
    .infer = infer,
    .reference = reference,
    .grad = Grad(grad, "repeats are not numbers to differentiate by"),
    .amp = Amp::kClear,
    .quant = quant_commutes(),
    .sparsity = no_sparsity(),
    .examples = {{.inputs = {{.shape = {2, 3}}, example_ints({3, 2})}},
                 {.inputs = {{.shape = {2, 1, 3}}, example_ints({1, 4, 1})}},
                 {.inputs = {{.dtype = DType::kBool, .shape = {3}}, example_ints({0})}}},
};

}  // namespace twofour::ops
