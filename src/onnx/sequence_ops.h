// Operators on sequences and optionals. They make no nodes: a sequence is a list of values at import.
#pragma once

#include <string_view>

#include "onnx/entity.h"
#include "onnx/opset_adapters.h"

namespace twofour::onnx_io {

bool is_sequence_op(std::string_view op);

/// What the operator makes of `inputs`. Throws Error{kUnsupported} where a length, a position or the presence
/// of a value is known only when the network runs, Error{kInvalidArgument} for inputs that do not fit.
Entity apply_sequence_op(Draft& draft, const Entities& inputs);

/// The values along a new first axis. Throws Error{kUnsupported} when there are none.
Value* stack(ops::Builder& builder, const std::vector<Value*>& values, const std::string& name);

}  // namespace twofour::onnx_io
