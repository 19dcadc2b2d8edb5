// --inputIOFormats and --outputIOFormats: what a script expects of the engine's borders.
#pragma once

#include <string>
#include <vector>

#include "twofour/engine.h"

namespace twofour::cli {

/// "fp32:chw,int64:chw". Throws Error{kInvalidArgument} on another spelling.
std::vector<std::string> parse_io_formats(const std::string& text);

/// `formats`, once for all tensors or once for each, in order; nothing is expected of none. Throws
/// Error{kInvalidArgument} on another number, Error{kUnsupported} when a tensor is not of that type and
/// row-major.
void check_io_formats(const std::string& flag, const std::vector<std::string>& formats,
                      const std::vector<TensorInfo>& tensors);

}  // namespace twofour::cli
