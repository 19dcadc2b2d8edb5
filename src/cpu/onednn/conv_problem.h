// The sizes of a convolution in oneDNN's terms; shared by the forward pass and both gradients. One to three
// spatial axes; the library gets a single one as an image of height 1.
#pragma once

#include "cpu/onednn/primitive.h"
#include "ops/convolution/conv_geometry.h"

namespace twofour::cpu::onednn {

struct ConvProblem {
  memory::dims src;     // N,C,(D,)H,W
  memory::dims weight;  // K,C,(T,)R,S or, grouped, G,K/G,C/G,(T,)R,S: the same row-major memory
  memory::dims bias;    // K
  memory::dims dst;     // N,K,(O,)P,Q
  memory::dims strides, dilates, pads_begin, pads_end;

  ConvProblem(const Attrs& attrs, const Shape& src_shape, const Shape& weight_shape);
  /// Weights in row-major order, which is how they lie outside.
  memory::desc plain_weight(DType dtype) const;
};

/// Declines NCHW convolutions for which reordering activations to channel blocks does not pay: with one input
/// pixel per output pixel the plain order is a matrix product as it lies.
Support blocking_pays(const ConvProblem& problem);

/// The activations' format; channels last when both are neutral.
Format conv_format(const TensorDesc& src, const TensorDesc& dst);
/// An activation in that format, with at least two spatial axes.
memory::desc desc_in(const TensorDesc& desc, Format format);

/// src, weight and dst have one to three spatial axes, none is empty, and the weight is in plain order.
Support conv_shapes_ok(const TensorDesc& src, const TensorDesc& weight, const TensorDesc& dst);

/// Whether it is the residual, input `residual` of the node, that may share the output's buffer.
bool conv_in_place(const NodeDesc& node, size_t input, size_t output, size_t residual = 3);

}  // namespace twofour::cpu::onednn
