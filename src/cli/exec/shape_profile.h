// The shapes that --minShapes, --optShapes and --maxShapes ask for.
#pragma once

#include <map>
#include <string>

#include "twofour/shape.h"

namespace twofour::cli {

/// Shapes by input; the three name the same inputs, and min <= opt <= max in every dimension.
struct ShapeProfile {
  std::map<std::string, Shape> min, opt, max;
};

/// Each as parse_shapes() reads it. `opt` alone stands for all three, as in trtexec; otherwise all are
/// needed. Throws Error{kInvalidArgument} naming flag, input and sizes.
ShapeProfile parse_shape_profile(const std::string& min, const std::string& opt, const std::string& max);

/// One `*` in a name stands for any characters: every matching one of `inputs` gets the shape. Names without
/// a star stay as they are. Throws Error{kInvalidArgument} on a pattern that matches nothing.
std::map<std::string, Shape> expand_wildcards(const std::map<std::string, Shape>& shapes,
                                              const std::vector<std::string>& inputs);

}  // namespace twofour::cli
