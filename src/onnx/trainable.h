// Which constants training may change. ONNX files do not say, so a rule decides; where a graph differs from
// the rule, the exported file carries the list in its metadata.
#pragma once

#include <string>
#include <string_view>

#include "ir/graph.h"

namespace twofour::onnx_io {

/// The metadata key: a JSON array with the names of all trainable constants.
constexpr const char* kTrainableKey = "twofour.trainable";

/// The rule: floating point, more than one element, and read by nodes, none of which marks the input as
/// `state`.
bool looks_trainable(const Value& constant);

/// Sets the flags from the list. Names that are not in the graph are skipped. Throws Error{kDataCorrupt} when
/// it is not a list of names.
void apply_trainable_list(std::string_view list, Graph& graph);

/// The list, or an empty text when the rule gives the same flags.
std::string trainable_list(const Graph& graph);

}  // namespace twofour::onnx_io
