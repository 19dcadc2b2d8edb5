// Decides which nodes compute in half precision: the passes of TensorFlow's auto_mixed_precision over the
// operator classes (OpDef.amp). Two nodes are neighbours when an f32 value joins them that neither port keeps
// in f32.
#pragma once

#include <unordered_map>
#include <unordered_set>

#include "ops/op_def.h"
#include "twofour/amp_report.h"

namespace twofour::amp {

/// The class of the node's operator for `dtype`. bf16 has the range of f32, so that sums and means, which are
/// denied to f16, may follow their neighbours.
ops::Amp amp_class(const Node& node, DType dtype);

/// One entry per node; `denied` overrides the classes.
std::unordered_map<const Node*, Why> colour(const Graph& graph, DType dtype,
                                            const std::unordered_set<const Node*>& denied);

}  // namespace twofour::amp
