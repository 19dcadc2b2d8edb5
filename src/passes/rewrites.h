// The rewrites: each takes a graph whose types are inferred, leaves it so, and returns how many places it
// changed. The values of the graph's outputs stay what they were, up to rounding, and keep their names. All
// are meant for inference graphs: they fold trainable constants like any other.
#pragma once

#include "ir/graph.h"

namespace twofour::passes {

/// Puts the nodes of the branch that is taken in place of an If whose condition is known.
size_t inline_if(Graph& graph);

/// Erases nodes that return an input unchanged: Identity, Dropout at inference, Cast to the same dtype,
/// Reshape, Flatten and Expand to the same shape, Transpose by the identity, Pad by nothing, Concat of one.
size_t eliminate_identity(Graph& graph);

/// Replaces nodes whose inputs are all constant, and index vectors that follow from known shapes, by their
/// values. What would grow by more than 16 MiB is left, unless elements that nothing else reads only get a
/// wider type; so are graph outputs (sizes become copies of a constant), DequantizeLinear of weights in 8-bit
/// codes, and what cannot be evaluated, which is an error only if it is ever computed.
size_t fold_constants(Graph& graph);

/// Einsum becomes products of two tensors each, MatMul or Mul, in the order in which least is kept between;
/// labels are summed as soon as nothing else has them. Several tensors: of known sizes. Not where a label
/// stands twice in a term. Infinities that the formula would cancel to NaN may stay.
size_t lower_einsum(Graph& graph);

/// Attention becomes MatMul, Softmax and MatMul, with the limits, masks and cache that it has. Not with a
/// mask of another type of numbers than Q, or where the number or the size of the heads is open.
size_t expand_attention(Graph& graph);

/// MeanVarianceNormalization, and Mean of f32 and f64, become sums and means along axes. Mean of halves
/// stays: its sum might overflow.
size_t expand_means(Graph& graph);

/// Nodes that compute the same from the same values, attributes included, become one; of constants with one
/// element only type and bits count. Random nodes and those with subgraphs stay.
size_t merge_duplicates(Graph& graph);

/// DequantizeLinear of 8-bit codes goes down, and QuantizeLinear with constant parameters up, through
/// operators that only move or compare values (moves_codes of passes/codes.h). Not up where most of what
/// would be quantised is dropped. With scales per channel only down through Transpose; with a scale that is
/// computed, not positive or not finite only down through what moves values.
size_t move_quantisation(Graph& graph);

/// What follows element by element from one tensor of 8-bit codes becomes a TableLookup: always when it ends
/// in 8-bit codes (requantisation, activations between codes in whatever form), in f32 when that saves a slow
/// function. What maps every code to itself goes. Results are exactly those of the reference kernels.
size_t fold_byte_functions(Graph& graph);

/// Conv, Gemm and MatMul of dequantised 8-bit codes, and ConvInteger and MatMulInteger followed by a Cast to
/// f32, become QuantizedConv and QuantizedMatMul with results in f32, under their names. Activations have one
/// scale and zero point, which may be computed; weights are constants with one for each output channel or for
/// all, and fit i8 once the zero point is subtracted. Constant scales are 0 or normal numbers of either sign.
/// Gemm: without transA, with a C for each column.
size_t quantise(Graph& graph);

/// QuantizedConv or QuantizedMatMul [* a factor or + a constant per channel, or a batch norm ...] [+ Add of a
/// residual of the same shape] [+ activation] [+ QuantizeLinear] become one, named "conv + add + relu".
/// Residual and result are both codes or both f32: where only the result would be codes, QuantizeLinear
/// stays.
size_t fuse_quantised(Graph& graph);

/// The operators of ops/quantisation/on_codes.h between DequantizeLinear, or constants, and [activation +]
/// QuantizeLinear work on codes. Names as in fuse_quantised.
size_t compute_on_codes(Graph& graph);

/// fold_constants for weights in 8-bit codes, too: those that are still behind DequantizeLinear.
size_t fold_dequantised(Graph& graph);

/// Conv, ConvTranspose or Gemm followed by BatchNormalization, or by Add or Mul of a constant per channel: it
/// goes into weight and bias. Every output channel is multiplied by one factor, so 2:4 along the reduction
/// axis survives. Only when nothing else reads the product. The node keeps its name, and so does a weight
/// that no other node reads.
size_t fold_batch_norm(Graph& graph);

/// Squeeze of a convolution (a 1-D one as TensorFlow writes it) goes behind an Add or Mul of a constant and
/// an activation, so that these can be fused; Unsqueeze of what was squeezed by the same axes goes away.
size_t sink_squeeze(Graph& graph);

/// Pad by zeros around the image, or by codes that stand for zeros, becomes padding of the Conv or
/// QuantizedConv that reads it.
size_t fold_pad(Graph& graph);

/// What exporters write in several nodes becomes one: x * Sigmoid(x) Swish, x * clip(x + 3, 0, 6) / 6 (or by
/// HardSigmoid) HardSwish, x * (1 + Erf(x / sqrt 2)) / 2 Gelu, with scalars in any place of the product.
size_t recognise_activations(Graph& graph);

/// (x - mean) / Sqrt(mean of squares + epsilon) * gamma + beta over the last axis, in eight or nine nodes,
/// becomes LayerNormalization. Only when nothing else reads the values between.
size_t fuse_layer_norm(Graph& graph);

/// Conv [+ Add of a residual of the same shape] [+ activation of ops/activation.h] become one FusedConv,
/// named "conv + add + relu". Only when nothing else reads the values between. Of two convolutions that are
/// added the later one takes the sum, so that the other's result is the residual.
size_t fuse_conv(Graph& graph);

/// Gemm or rank-2 MatMul [+ Add of a bias that broadcasts to the product] [+ activation] become
/// one FusedGemm; a MatMul with a bias alone becomes a Gemm. Names as in fuse_conv.
size_t fuse_gemm(Graph& graph);

/// MatMul of f32 in batches [* scalar, or + constant row vector] [+ activation] become one FusedMatMul.
size_t fuse_matmul(Graph& graph);

/// Erases nodes and constants that no graph output needs.
size_t eliminate_dead_code(Graph& graph);

}  // namespace twofour::passes
