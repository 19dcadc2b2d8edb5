// A reduction over any axes as passes over one axis each: the source is seen in memory order as groups of
// axes that are kept or reduced in turn.
#pragma once

#include <optional>
#include <vector>

#include "cpu/op_tactic.h"

namespace twofour::cpu {

/// One flag per axis of input 0; nothing when the axes are not known.
std::optional<std::vector<bool>> reduced_axes(const NodeDesc& node);

/// Memory seen as [outer, size, inner], the middle axis being reduced.
struct AxisPass {
  int64_t outer, size, inner;
};
/// The passes in order, the innermost group first, each over what the one before left; at least one.
std::vector<AxisPass> passes_over(const TensorDesc& src, const std::vector<bool>& reduced);

/// Types, axes and formats of a reduction that keeps its type.
Support reduction_ok(const NodeDesc& node);

}  // namespace twofour::cpu
