// Sizes that have names: where inputs share one, they have the same size.
#pragma once

#include <map>
#include <string>
#include <utility>

#include "engine/plan.h"

namespace twofour::engine {

class SymbolSizes {
 public:
  /// A dimension of `input` called `symbol` has this size; an empty name says nothing. Throws
  /// Error{kInvalidArgument} naming both inputs when another one of that name has another size.
  void add(const std::string& symbol, int64_t size, const std::string& input);

 private:
  std::map<std::string, std::pair<int64_t, std::string>> sizes_;
};

/// Adds the open dimensions of input `t` that has this shape, which it takes.
void add_symbols(SymbolSizes& sizes, const PlanTensor& t, const Shape& shape);

}  // namespace twofour::engine
