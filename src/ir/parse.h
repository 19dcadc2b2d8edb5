// Reads the text form of a graph; the grammar stands in ir/print.h.
#pragma once

#include <string_view>

#include "ir/graph.h"

namespace twofour {

/// Values are defined before they are used. Node outputs get the types that stand after `->`, else the
/// default type: ops::infer_all sets them. Throws Error{kDataCorrupt} "<source>:<line>: expected ..., got
/// ...".
Graph parse_graph(std::string_view text, std::string_view source = "graph text");

}  // namespace twofour
