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
/// wider type (quantised weights); so are graph outputs.
size_t fold_constants(Graph& graph);

/// Einsum of two tensors of known sizes becomes a MatMul of them, transposed and reshaped where needed. Not
/// where a label stands twice in a term, broadcasts, or is summed over one tensor alone.
size_t lower_einsum(Graph& graph);

/// Nodes that compute the same from the same values, attributes included, become one. Random ones and those
/// with subgraphs stay.
size_t merge_duplicates(Graph& graph);

/// Conv or Gemm followed by BatchNormalization, or by Add or Mul of a constant per channel: it goes into
/// weight and bias. Every output channel is multiplied by one factor, so 2:4 along the reduction axis
/// survives. Only when nothing else reads the product. The node keeps its name, and so does a weight that no
/// other node reads.
size_t fold_batch_norm(Graph& graph);

/// Squeeze of a convolution (a 1-D one as TensorFlow writes it) goes behind an Add or Mul of a constant and
/// an activation, so that these can be fused; Unsqueeze of what was squeezed by the same axes goes away.
size_t sink_squeeze(Graph& graph);

/// Pad by zeros around the image becomes padding of the Conv that reads it.
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
