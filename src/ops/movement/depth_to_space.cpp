// DepthToSpace and SpaceToDepth, each the other's gradient: blocks of pixels to and from channels.
#include "ops/builder.h"
#include "ops/infer.h"
#include "ops/strided.h"

namespace twofour::ops {
namespace {

int64_t block_of(const Attrs& attrs) {
  const int64_t block = attrs.i("blocksize", 0);
  TWOFOUR_CHECK(block >= 1 && block < (int64_t{1} << 15), kInvalidArgument,
                "blocksize is {}; it must be from 1 to 32767", block);
  return block;
}

/// Whether the position in the block varies slower than the channel ("DCR") or faster ("CRD").
bool depth_first(const Attrs& attrs) {
  const std::string mode = attrs.s("mode", "DCR");
  TWOFOUR_CHECK(mode == "DCR" || mode == "CRD", kInvalidArgument, "mode \"{}\" is not known; DCR and CRD are",
                mode);
  return mode == "DCR";
}

Dim divided(const Dim& dim, int64_t by) {
  if (!dim.known()) return by == 1 ? dim : Dim();
  TWOFOUR_CHECK(dim.value % by == 0, kInvalidArgument, "size {} does not divide by {}", dim.value, by);
  return dim.value / by;
}

Dim multiplied(const Dim& dim, int64_t by) {
  const Dim factors[] = {dim, by};
  return product(factors);
}

const Dims& checked_dims(const Node& node) {
  depth_first(node.attrs());
  TWOFOUR_CHECK(node.input(0)->rank() == 4, kInvalidArgument, "src is {}; N,C,H,W is expected",
                node.input(0)->type().to_string());
  return node.input(0)->dims();
}

void infer_to_space(const Node& node, std::span<ValueType> outputs) {
  const Dims& src = checked_dims(node);
  const int64_t block = block_of(node.attrs());
  outputs[0] = {
      node.input(0)->dtype(),
      {src[0], divided(src[1], block * block), multiplied(src[2], block), multiplied(src[3], block)}};
}

void infer_to_depth(const Node& node, std::span<ValueType> outputs) {
  const Dims& src = checked_dims(node);
  const int64_t block = block_of(node.attrs());
  outputs[0] = {node.input(0)->dtype(),
                {src[0], multiplied(src[1], block * block), divided(src[2], block), divided(src[3], block)}};
}

/// Both tensors seen with the axes N, C, row of blocks, row in block, column of blocks, column in block.
struct Views {
  Shape extent;
  Strided deep, wide;
};

Views views(const Attrs& attrs, const Shape& wide) {
  const int64_t b = block_of(attrs);
  const Shape extent = {wide[0], wide[1], wide[2] / b, b, wide[3] / b, b};
  const int64_t plane = extent[2] * extent[4];
  const bool first = depth_first(attrs);
  const int64_t channel = first ? plane : plane * b * b;
  const int64_t position = first ? plane * wide[1] : plane;
  return {extent,
          {0, {wide[1] * b * b * plane, channel, extent[4], position * b, 1, position}},
          {0, extent.strides()}};
}

void reference_to_space(const ReferenceArgs& args) {
  const Views v = views(args.attrs, args.outputs[0].shape());
  copy_strided(args.inputs[0], v.deep, args.outputs[0], v.wide, v.extent);
}

void reference_to_depth(const ReferenceArgs& args) {
  const Views v = views(args.attrs, args.inputs[0].shape());
  copy_strided(args.inputs[0], v.wide, args.outputs[0], v.deep, v.extent);
}

std::vector<Value*> grad_to_space(const GradArgs& args) {
  return {args.builder.op("SpaceToDepth", {args.grad_outputs[0]}, args.node.attrs())};
}

std::vector<Value*> grad_to_depth(const GradArgs& args) {
  return {args.builder.op("DepthToSpace", {args.grad_outputs[0]}, args.node.attrs())};
}

OpDef blocks(std::string_view name, std::string_view doc, InferFn infer, ReferenceFn reference, GradFn grad,
             const Shape& shape) {
  return {
      .name = name,
      .doc = doc,
      .inputs = {{"src"}},
      .outputs = {{"dst"}},
      .attrs = {"blocksize", "mode"},
      .infer = infer,
      .reference = reference,
      .grad = grad,
      .amp = Amp::kClear,
      .quant = quant_commutes(),
      .sparsity = no_sparsity(),
      .examples = {{.inputs = {{.shape = shape}}, .attrs = {{"blocksize", int64_t{2}}}},
                   {.inputs = {{.shape = shape}},
                    .attrs = {{"blocksize", int64_t{2}}, {"mode", std::string("CRD")}}}},
  };
}

}  // namespace

extern const OpDef kDepthToSpace;
const OpDef kDepthToSpace =
    blocks("DepthToSpace", "dst = src with blocksize^2 channels laid out as a block of pixels each.",
           infer_to_space, reference_to_space, grad_to_space, {2, 12, 2, 3});

extern const OpDef kSpaceToDepth;
const OpDef kSpaceToDepth =
    blocks("SpaceToDepth", "dst = src with each block of blocksize x blocksize pixels laid out as channels.",
           infer_to_depth, reference_to_depth, grad_to_depth, {2, 3, 4, 6});

}  // namespace twofour::ops
