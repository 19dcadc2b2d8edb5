// What a node does to every channel of a value: y = factor * x + offset.
#pragma once

#include <optional>
#include <vector>

#include "ir/graph.h"

namespace twofour::passes {

struct Affine {
  std::vector<double> factor;
  std::vector<double> offset;
};

/// The axis of a value's channels, and their number.
struct Channels {
  size_t axis;
  int64_t count;
};

/// Whether a value of this shape holds one number for every channel of a value of rank `rank`, or one for
/// all, and broadcasting it leaves that value's shape as it is.
bool is_per_channel(const Shape& shape, size_t rank, const Channels& channels);

/// What `node`, which reads `value`, does to its channels, when it is a batch norm with constant statistics,
/// or an Add, Mul or Div of a constant per channel; nothing for other nodes.
std::optional<Affine> affine_of(const Node& node, const Value* value, const Channels& channels);

/// factor * beta * bias + offset, [channels]; a missing bias is 0, a single value stands for all channels.
Tensor folded_bias(const Value* bias, double beta, const Affine& affine, DType dtype);

bool all_finite(const Tensor& tensor);

}  // namespace twofour::passes
