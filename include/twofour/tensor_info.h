// What an input or output of a model or an engine is.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "twofour/dtype.h"
#include "twofour/shape.h"

namespace twofour {

struct TensorInfo {
  std::string name;
  DType dtype;
  Shape shape;     // -1: a size that is known only when the engine runs
  Shape min, max;  // of an input: sizes that it may have
  /// Names of the dimensions of an input, empty where there is none; inputs that share one have the same size
  /// there. Empty when no dimension has a name.
  std::vector<std::string> symbols = {};
  bool any_rank = false;  // not even the number of dimensions is known before a run; `shape` is empty

  bool is_open() const { return any_rank || std::ranges::find(shape, -1) != shape.end(); }
};

}  // namespace twofour
