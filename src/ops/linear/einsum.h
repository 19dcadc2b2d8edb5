// The equation of an Einsum.
#pragma once

#include <vector>

#include "ir/attrs.h"

namespace twofour::ops {

/// A label for each axis: a letter, or a number below 64 for an axis that "..." stands for, counted from the
/// right.
using EinsumTerm = std::vector<int>;

struct EinsumEquation {
  std::vector<EinsumTerm> inputs;
  EinsumTerm output;
};

/// For inputs with so many axes. Throws Error{kInvalidArgument} when the equation does not fit them.
EinsumEquation einsum_equation(const Attrs& attrs, const std::vector<size_t>& ranks);

}  // namespace twofour::ops
