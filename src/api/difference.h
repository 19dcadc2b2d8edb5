// Statistics of two tensors.
#pragma once

#include "twofour/compare.h"

namespace twofour::api {

/// Both have the same shape; element types may differ. NaN agrees with NaN, an infinity with itself.
Difference difference_of(const Tensor& actual, const Tensor& expected, const Tolerance& tolerance);

}  // namespace twofour::api
