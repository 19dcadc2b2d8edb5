// What the inside of twofour adds to the public Shape.
#pragma once

#include "twofour/shape.h"

namespace twofour {

/// The numpy broadcast of two shapes. Throws Error{kInvalidArgument} when they do not broadcast.
Shape broadcast_shapes(const Shape& a, const Shape& b);

}  // namespace twofour
