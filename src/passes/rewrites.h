// The rewrites: each takes a graph whose types are inferred, leaves it so, and returns how many places it
// changed. The values of the graph's outputs stay what they were, up to rounding, and keep their names. All
// are meant for inference graphs: they fold trainable constants like any other.
#pragma once

#include "ir/graph.h"

namespace twofour::passes {

/// Erases nodes that return an input unchanged: Identity, Dropout at inference, Cast to the same dtype,
/// Reshape, Flatten and Expand to the same shape, Transpose by the identity, Pad by nothing, Concat of one.
size_t eliminate_identity(Graph& graph);

/// Replaces nodes whose inputs are all constant, and index vectors that follow from known shapes, by their
/// values. What would grow by more than 16 MiB is left, as are graph outputs.
size_t fold_constants(Graph& graph);

/// Conv or Gemm followed by BatchNormalization: the normalisation goes into weight and bias. Every output
/// channel is multiplied by one factor, so 2:4 along the reduction axis survives. Only when nothing else
/// reads the product. The node keeps its name, and so does a weight that no other node reads.
size_t fold_batch_norm(Graph& graph);

/// Conv [+ Add of a residual of the same shape] [+ Relu or Clip by constants] become one FusedConv, named
/// "conv + add + relu". Only when nothing else reads the values between. Of two convolutions that are added
/// the later one takes the sum, so that the other's result is the residual.
size_t fuse_conv(Graph& graph);

/// Gemm or rank-2 MatMul [+ Add of a bias that broadcasts to the product] [+ Relu or Clip by constants]
/// become one FusedGemm; a MatMul with a bias alone becomes a Gemm. Names as in fuse_conv.
size_t fuse_gemm(Graph& graph);

/// Erases nodes and constants that no graph output needs.
size_t eliminate_dead_code(Graph& graph);

}  // namespace twofour::passes
