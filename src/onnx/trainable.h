// Which constants training may change: the parameters of ops/parameters.h. Where a graph differs from that
// rule, the exported file carries the list in its metadata.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "ir/graph.h"

namespace twofour::onnx_io {

/// The metadata key: a JSON array with the names of all trainable constants.
constexpr const char* kTrainableKey = "twofour.trainable";

/// Sets the flags of the constants in `own`, those that stand in the file, by the rule. `literals`: those of
/// them that stand in Constant nodes.
void mark_parameters(const Graph& graph, const std::set<Value*>& own, const std::set<const Value*>& literals);

/// Sets the flags from the list. Names that are not in the graph are skipped. Throws Error{kDataCorrupt} when
/// it is not a list of names.
void apply_trainable_list(std::string_view list, Graph& graph);

/// The list, or an empty text when the rule gives the same flags.
std::string trainable_list(const Graph& graph);

}  // namespace twofour::onnx_io
