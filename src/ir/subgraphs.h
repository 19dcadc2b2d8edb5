#pragma once

#include "ir/graph.h"

namespace twofour {

/// Calls fn(attribute name, subgraph) for every subgraph among the attributes.
template <typename Fn>
void for_each_subgraph(const Attrs& attrs, const Fn& fn) {
  for (const auto& [name, attr] : attrs)
    if (const auto* subgraph = std::get_if<Subgraph>(&attr)) fn(name, **subgraph);
}

}  // namespace twofour
