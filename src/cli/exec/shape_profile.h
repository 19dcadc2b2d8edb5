// The shapes that --minShapes, --optShapes and --maxShapes ask for.
#pragma once

#include <string>
#include <vector>

#include "cli/inputs.h"

namespace twofour::cli {

/// Shapes by input; all name the same inputs, and min <= opt <= max in every dimension.
struct ShapeProfile {
  Shapes min, opt, max;
  /// "input \"x\": --minShapes is that of --optShapes", of inputs that some of the three flags name.
  std::vector<std::string> notes;
};

/// What is missing of an input is taken from the others, as trtexec does: min from opt, else max; opt from
/// max, else min; max from opt, else min. Throws Error{kInvalidArgument} naming input and sizes.
ShapeProfile complete_profile(const Shapes& min, const Shapes& opt, const Shapes& max);

/// Those of which a size is open: a shape for `*` is meant for them.
std::vector<std::string> names_of_open(const std::vector<TensorInfo>& inputs);

/// One `*` in a name stands for any characters: every matching one of `inputs` gets the shape. Names without
/// a star stay as they are. Throws Error{kInvalidArgument} on a pattern that matches nothing.
Shapes expand_wildcards(const Shapes& shapes, const std::vector<std::string>& inputs);

}  // namespace twofour::cli
