// Which values make sense in an input of an op: a divisor is not 0, an index lies within its axis, sizes are
// those of the output. Ops declare it for their ports. Builds time kernels on such values, and commands that
// are given no data run on them.
#pragma once

#include <vector>

#include "base/rng.h"
#include "ops/op_def.h"

namespace twofour::ops {

/// Values are drawn uniformly from [low, high), whole ones for integers, unless they are listed.
struct Domain {
  double low = 0;
  double high = 0;
  std::vector<double> values = {};  // all of them, in row-major order
};

/// Where nothing is declared: floats in [-1, 1), integers and bools 0 or 1.
Domain undeclared(DType dtype);
/// What the op declares for the input, which is not absent.
Domain domain_of(const Node& node, size_t input);
/// A tensor of values from the domain.
Tensor draw(const Domain& domain, DType dtype, const Shape& shape, Rng& rng);

/// An index into an axis of this size; 0 when the size is not known.
Domain index_into(const Dim& size);
/// 1 to `most`; 1 when that is not known.
Domain count_up_to(const Dim& most);

// Declarations that several ops share.

/// [1, 4): divisors, scales, counts.
Domain positive_numbers(const Node& node, size_t input);
/// [0, 1): probabilities, ratios.
Domain fractions(const Node& node, size_t input);
/// Every code of an 8-bit input; [-1, 1) for an f32 one.
Domain all_codes(const Node& node, size_t input);
/// [0.001, 0.002): what one unit of a sum of products of codes is worth.
Domain small_scales(const Node& node, size_t input);
template <int64_t value>
Domain exactly(const Node&, size_t) {
  return {0, 0, {static_cast<double>(value)}};
}
/// 0, 1, 2 and so on: axes, each once.
Domain counting_up(const Node& node, size_t input);
/// A class of the scores [N,C,...] in the input before.
Domain class_numbers(const Node& node, size_t input);
/// An axis of input 0.
Domain axis_number(const Node& node, size_t input);
/// An index into the axis of input 0 that attribute `axis` names (0 when it is absent).
Domain index_along_axis(const Node& node, size_t input);
/// The sizes of output 0, the last ones where the input has fewer; 1 for those that are not known.
Domain output_sizes(const Node& node, size_t input);

}  // namespace twofour::ops
