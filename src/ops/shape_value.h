// The value of an integer vector that describes a shape, as far as the graph tells before anything runs:
// constants, and what Shape, Gather, Concat, Slice and the like make of dims that may still be symbols.
// Exporters write `x.view(x.size(0), -1)` as such a chain.
#pragma once

#include <optional>

#include "ir/graph.h"

namespace twofour::ops {

/// One element: a number, a named dim, or unknown.
struct ShapeEntry {
  std::optional<int64_t> number;
  std::string symbol;

  /// As a dim; a negative number is refused with Error{kInvalidArgument}.
  Dim dim() const;
};

/// The elements of an i32 or i64 scalar or vector; nullopt when not even their count is known.
std::optional<std::vector<ShapeEntry>> shape_value(const Value* value);
/// The elements when all are numbers; nullopt otherwise, and for a null value.
std::optional<std::vector<int64_t>> known_ints(const Value* value);

/// The data of a value of any type with at most 256 elements that depends on nothing unknown; undefined
/// otherwise, and for a null value.
Tensor known_tensor(const Value* value);
/// Of a condition: one boolean.
std::optional<bool> known_truth(const Value* condition);

}  // namespace twofour::ops
