// Checks the 2:4 pattern in the values themselves: what counts is what a reader of the file will find.
#pragma once

#include <string>
#include <vector>

#include "base/tensor.h"
#include "ir/graph.h"

namespace twofour::sparsity {

struct Violations {
  int64_t blocks = 0;          // blocks of four along the axis
  int64_t count = 0;           // of them, with more than two non-zeros
  std::vector<int64_t> first;  // index of the first element of the first such block; empty when there is none
};

/// -0 counts as zero, NaN does not. Throws Error{kInvalidArgument} when blocks of four do not fit.
Violations count_violations(const Tensor& weight, size_t axis);

/// Elements that compare equal to zero, as a fraction of all.
double zero_fraction(const Tensor& weight);

struct WeightCheck {
  std::string weight;
  size_t axis = 0;
  Violations violations;
  std::string problem;  // empty when the weight is 2:4
};

/// Every weight that the graph's metadata calls 2:4. A problem is a violation, or a weight that is missing,
/// not constant, or read along another axis than the metadata says. Throws Error{kDataCorrupt} on malformed
/// metadata.
std::vector<WeightCheck> verify_sparsity(const Graph& graph);

/// Takes marks that have a problem, or the whole entry when it is malformed, out of the metadata, with a
/// warning that names weight and problem: the weights train and run as dense ones.
void drop_stale_marks(Graph& graph);

/// Throws Error{kFailedPrecondition} naming weight and problem when verify_sparsity finds one.
void require_sparsity(const Graph& graph);

}  // namespace twofour::sparsity
