// Strings are no numbers: no tensor holds them. A model may have them beside its numbers, as a classifier has
// labels; what is made of them is followed by name, so that outputs that need none stay.
#pragma once

#include "onnx/entity.h"

namespace onnx {
class GraphProto;
class NodeProto;
}  // namespace onnx

namespace twofour::onnx_io {

/// Whether the results of a node are strings: of constants, conversions to strings, and operators that move
/// the elements of their first input, where that is strings. Expansions say it themselves
/// (Draft::makes_strings).
bool makes_strings(const onnx::NodeProto& node, const Entities& inputs);

/// Warns of the outputs of a model that are strings; `outputs` are those of its graph. Throws
/// Error{kUnsupported} when there are no others.
void leave_out_strings(const onnx::GraphProto& graph, const Entities& outputs);

}  // namespace twofour::onnx_io
