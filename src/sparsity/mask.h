// 2:4 masks: bool tensors of the weight's shape, true where the weight is kept; exactly two of every four
// along `axis` at fixed other indices.
//
// Ties and degenerate blocks: of equal magnitudes the one with the lower index is kept, so {1,1,1,1} and
// {0,0,0,0} keep their first two. (ASP leaves ties to the order of a set; Polygraphy prunes the lowest index
// first.) The packed form (backend/sparse24_format.h) keeps the same positions.
#pragma once

#include "base/tensor.h"

namespace twofour::sparsity {

/// Whether weights of this type can be ranked: floating point, and i8 codes whose zero is 0.
bool has_magnitudes(DType dtype);

/// Keeps the two largest magnitudes of every block. Throws
/// Error{kInvalidArgument} when the axis does not divide into blocks of four or a value is NaN, naming its
/// place.
Tensor magnitude_mask(const Tensor& weight, size_t axis);

/// The mask of a weight that is 2:4 already: its non-zeros (-0 is zero), completed to two per block. Throws
/// Error{kFailedPrecondition} naming the first block with more than two.
Tensor mask_from_zeros(const Tensor& weight, size_t axis);

/// A copy of `weight` with +0 wherever the mask is false.
Tensor masked(const Tensor& weight, const Tensor& mask);

}  // namespace twofour::sparsity
