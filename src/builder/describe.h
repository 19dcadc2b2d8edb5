// From a graph node to what a tactic sees.
#pragma once

#include "backend/tactic.h"
#include "ir/graph.h"

namespace twofour::builder {

/// The node with its 4-D activations in `format`. Constants and row_major ports (weights) stay plain.
backend::NodeDesc describe(const Node& node, backend::Format format);

/// A Reorder of one value from one format to another.
backend::NodeDesc describe_reorder(const Value& value, backend::Format from, backend::Format to);

/// The format that port `index` of `node` has when the node runs in `format`.
backend::Format input_format(const Node& node, size_t index, backend::Format format);
backend::Format output_format(const Node& node, size_t index, backend::Format format);

}  // namespace twofour::builder
