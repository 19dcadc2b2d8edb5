// What automatic mixed precision did to a graph: the colour of every node and why.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "twofour/dtype.h"

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

struct NodePaint {
  std::string name;
  std::string op;
  Why why;
};

struct Report {
  DType dtype = DType::kF16;
  std::vector<NodePaint> nodes;  // in topological order, without the casts
  size_t half_nodes = 0;
  size_t casts_to_half = 0;
  size_t casts_to_f32 = 0;
  bool changed() const { return half_nodes > 0; }
  /// One line: "41 of 58 nodes compute in f16; 23 casts to f16, 25 to f32".
  std::string summary() const;
  /// The whole report as JSON text.
  std::string json() const;
};

}  // namespace twofour::amp
