// What a whole model must be before any of its nodes is read.
#pragma once

#include <cstdint>

#include "onnx/function_table.h"

namespace onnx {
class ModelProto;
}

namespace twofour::onnx_io {

/// Returns the opset of the default domain. Throws Error{kDataCorrupt} when there is no graph or opset, and
/// Error{kUnsupported} for opsets out of range, functions that call themselves, and unknown operators (all of
/// them in one text, with their number and the first node of each).
int64_t check_model(const onnx::ModelProto& model, const FunctionTable& functions);

}  // namespace twofour::onnx_io
