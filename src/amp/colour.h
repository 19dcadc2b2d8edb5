// Decides which nodes compute in half precision: the passes of TensorFlow's auto_mixed_precision over the
// operator classes (OpDef.amp). Two nodes are neighbours when an f32 value joins them that neither port keeps
// in f32.
#pragma once

#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "ops/op_def.h"

namespace twofour::amp {

/// A node's colour, half or f32, by the reason for it.
enum class Why : uint8_t {
  kAllowList,        // half: gains from it
  kBetweenAllowed,   // half: on a way from an allowed node to another
  kAfterAllowed,     // half: bf16 only, follows an allowed node and no denied one
  kNextToAllowed,    // half: neutral, joined to an allowed node by neutral nodes
  kDenyList,         // f32: needs the precision
  kDeniedByName,     // f32: the user says so
  kAfterDenied,      // f32: between a denied node and another that follows it
  kNoneAllowedNear,  // f32: nothing would be gained
  kFixedTypes,       // types are part of the operator's meaning
  kNotF32,           // nothing to paint
};
std::string_view why_text(Why why);
constexpr bool is_half(Why why) { return why <= Why::kNextToAllowed; }

/// The class of the node's operator for `dtype`. bf16 has the range of f32, so that sums and means, which are
/// denied to f16, may follow their neighbours.
ops::Amp amp_class(const Node& node, DType dtype);

/// One entry per node; `denied` overrides the classes.
std::unordered_map<const Node*, Why> colour(const Graph& graph, DType dtype,
                                            const std::unordered_set<const Node*>& denied);

}  // namespace twofour::amp
