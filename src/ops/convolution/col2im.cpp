// Col2Im: sums sliding blocks back into the image they were cut from (ONNX opset 18).
#include <algorithm>

#include "ops/domain.h"
#include "ops/example.h"
#include "ops/indexing/scatter_reduction.h"
#include "ops/infer.h"
#include "ops/shape_value.h"
#include "ops/strided.h"

namespace twofour::ops {
namespace {

constexpr int64_t kMost = int64_t{1} << 31;

struct Blocks {
  std::vector<int64_t> strides, dilations, begins, ends;
};

std::vector<int64_t> list_of(const Attrs& attrs, std::string_view name, size_t count, int64_t otherwise) {
  std::vector<int64_t> list = attrs.ints(name, std::vector<int64_t>(count, otherwise));
  TWOFOUR_CHECK(list.size() == count, kInvalidArgument, "{} has {} entries; {} are expected", name,
                list.size(), count);
  for (const int64_t v : list)
    TWOFOUR_CHECK(v >= otherwise && v < kMost, kInvalidArgument, "{} must be at least {}, got {}", name,
                  otherwise, v);
  return list;
}

Blocks blocks_of(const Attrs& attrs, size_t axes) {
  Blocks blocks = {list_of(attrs, "strides", axes, 1), list_of(attrs, "dilations", axes, 1), {}, {}};
  const std::vector<int64_t> pads = list_of(attrs, "pads", 2 * axes, 0);
  blocks.begins.assign(pads.begin(), pads.begin() + static_cast<int64_t>(axes));
  blocks.ends.assign(pads.begin() + static_cast<int64_t>(axes), pads.end());
  return blocks;
}

/// How many blocks lie along each axis.
Shape block_counts(const Blocks& v, const std::vector<int64_t>& image, const std::vector<int64_t>& block) {
  Shape counts;
  for (size_t i = 0; i < image.size(); ++i) {
    TWOFOUR_CHECK(image[i] >= 0 && image[i] < kMost && block[i] >= 1 && block[i] < kMost, kInvalidArgument,
                  "an image of {} with blocks of {} is out of range", image[i], block[i]);
    const int64_t room = image[i] + v.begins[i] + v.ends[i] - v.dilations[i] * (block[i] - 1) - 1;
    TWOFOUR_CHECK(room >= 0, kInvalidArgument, "a block of {} does not fit an image of {}", block[i],
                  image[i]);
    counts.push_back(room / v.strides[i] + 1);
  }
  return counts;
}

void check_against(const Dims& src, const Attrs& attrs, const std::vector<int64_t>& image,
                   const std::vector<int64_t>& block) {
  TWOFOUR_CHECK(image.size() == block.size(), kInvalidArgument,
                "image_shape and block_shape differ in length");
  const int64_t count = block_counts(blocks_of(attrs, image.size()), image, block).numel();
  TWOFOUR_CHECK(dims_fit(src[2], count), kInvalidArgument, "src has {} blocks; {} fit the image",
                src[2].to_string(), count);
}

void infer(const Node& node, std::span<ValueType> outputs) {
  const ValueType& src = node.input(0)->type();
  check_number(src, "src");
  TWOFOUR_CHECK(src.dims.size() == 3, kInvalidArgument, "src is {}; N,C*block,blocks is expected",
                src.to_string());
  check_index(node.input(1)->type(), "image_shape");
  check_index(node.input(2)->type(), "block_shape");
  const auto image = shape_value(node.input(1));
  if (!image) {
    outputs[0] = ValueType::unknown(src.dtype);
    return;
  }
  outputs[0] = {src.dtype, {src.dims[0], Dim()}};
  for (const ShapeEntry& entry : *image) outputs[0].dims.push_back(entry.dim());
  blocks_of(node.attrs(), image->size());
  const auto block = known_ints(node.input(2));
  if (!block) return;
  const int64_t per_channel = shape_attr({{"block_shape", *block}}, "block_shape").numel();
  const Dim& rows = src.dims[1];
  TWOFOUR_CHECK(per_channel > 0 && (!rows.known() || rows.value % per_channel == 0), kInvalidArgument,
                "src {} does not divide into blocks of {}", src.to_string(), per_channel);
  if (rows.known()) outputs[0].dims[1] = rows.value / per_channel;
  if (const auto sizes = known_ints(node.input(1))) check_against(src.dims, node.attrs(), *sizes, *block);
}

void reference(const ReferenceArgs& args) {
  const Tensor& src = args.inputs[0];
  const Tensor& dst = args.outputs[0];
  const std::vector<int64_t> image = to_ints(args.inputs[1]);
  const std::vector<int64_t> block = to_ints(args.inputs[2]);
  check_against(to_dims(src.shape()), args.attrs, image, block);
  const Blocks v = blocks_of(args.attrs, image.size());
  const Shape counts = block_counts(v, image, block);
  const Shape positions(block);
  const std::vector<int64_t> image_strides = Shape(image).strides();
  const std::vector<int64_t> position_strides = positions.strides();
  const std::vector<int64_t> count_strides = counts.strides();
  const int64_t per_row = counts.numel();
  std::fill_n(dst.raw(), dst.size_bytes(), std::byte{});
  for (int64_t from = 0; from < src.numel(); ++from) {
    const int64_t row = from / per_row;
    int64_t to = row / positions.numel() * Shape(image).numel();
    bool inside = true;
    for (size_t i = 0; i < image.size() && inside; ++i) {
      const int64_t at = from % per_row / count_strides[i] % counts[i] * v.strides[i] - v.begins[i] +
                         row / position_strides[i] % positions[i] * v.dilations[i];
      inside = at >= 0 && at < image[i];
      to += at * image_strides[i];
    }
    if (inside) scatter_element(ScatterReduction::kAdd, dst, to, src, from);
  }
}

// Blocks of one element, which lie along the first axis.
Domain image_sizes(const Node& node, size_t input) {
  const Dim& blocks = node.input(0)->dims()[2];
  const std::vector<int64_t> strides = node.attrs().ints("strides");
  const std::vector<int64_t> pads = node.attrs().ints("pads");
  Domain domain = counting_up(node, input);
  for (size_t i = 0; i < domain.values.size(); ++i) {
    const int64_t count = i == 0 ? blocks.size_or(1) : 1;
    int64_t size = (count - 1) * (i < strides.size() ? strides[i] : 1) + 1;
    for (const size_t side : {i, i + domain.values.size()}) size -= side < pads.size() ? pads[side] : 0;
    domain.values[i] = static_cast<double>(std::max<int64_t>(size, 0));
  }
  return domain;
}

}  // namespace

extern const OpDef kCol2Im;
const OpDef kCol2Im = {
    .name = "Col2Im",
    .doc = "dst[n,c,...] = the sum of the blocks src[n,c*block,i] at the places they were cut from.",
    .inputs = {{"src"},
               {.name = "image_shape", .state = true, .domain = image_sizes},
               {.name = "block_shape", .state = true, .domain = exactly<1>}},
    .outputs = {{"dst"}},
    .attrs = {"dilations", "pads", "strides"},
    .infer = infer,
    .reference = reference,
    .grad = not_differentiable("there is no operator for its gradient, im2col"),
    .amp = Amp::kInfer,
    .quant = quant_float("a sum of codes needs more than 8 bits"),
    .sparsity = no_sparsity(),
    .examples = {{.inputs = {{.shape = {1, 6, 12}}, example_ints({4, 5}), example_ints({2, 3})},
                  .attrs = {{"pads", std::vector<int64_t>{0, 1, 0, 0}}}},
                 {.inputs = {{.shape = {2, 4, 2}}, example_ints({5}), example_ints({2})},
                  .attrs = {{"strides", std::vector<int64_t>{2}}, {"dilations", std::vector<int64_t>{2}}}}},
};

}  // namespace twofour::ops
