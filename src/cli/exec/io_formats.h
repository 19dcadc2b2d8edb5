// --inputIOFormats and --outputIOFormats: what a script expects of the engine's borders.
#pragma once

#include <string>
#include <vector>

#include "twofour/engine.h"

namespace twofour::cli {

/// `text`: "fp32:chw", once for all tensors or once for each, in order. Throws Error{kInvalidArgument} on
/// another number or spelling, Error{kUnsupported} when a tensor is not of that type and row-major.
void check_io_formats(const std::string& flag, const std::string& text,
                      const std::vector<TensorInfo>& tensors);

}  // namespace twofour::cli
