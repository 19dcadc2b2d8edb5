// The seed of the operators that draw at random.
#pragma once

#include "ir/attrs.h"

namespace twofour::ops {

/// Attribute seed; without it another one at each call.
uint64_t seed_of(const Attrs& attrs);

}  // namespace twofour::ops
