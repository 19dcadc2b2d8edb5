// Activations that ONNX Runtime fuses into other operators, by name.
#pragma once

#include <string>
#include <vector>

#include "onnx/vendor/emit.h"

namespace twofour::onnx_io {

/// `src` after the activation called `name`; `src` itself for an empty name. `params` are its attributes in
/// the order of ONNX's description, defaults where they are missing. Throws Error{kUnsupported} on an unknown
/// name.
Value* activate(const Emit& emit, Value* src, const std::string& name, const std::vector<float>& params);

}  // namespace twofour::onnx_io
