// Values of options, in trtexec's spelling.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "twofour/shape.h"

namespace twofour::cli {

/// "input:8x3x32x32,mask:8x1". Throws Error{kInvalidArgument} quoting the part that is wrong.
std::map<std::string, Shape> parse_shapes(std::string_view text);
/// "input:image.bin,mask:mask.bin": name and file. Throws as parse_shapes does.
std::map<std::string, std::string> parse_named_files(std::string_view text);
/// "8x3x32x32", or "scalar".
Shape parse_shape(std::string_view text);
/// "0.485,0.456,0.406".
std::vector<float> parse_floats(std::string_view text);
std::vector<int64_t> parse_ints(std::string_view text);
/// "a,b,c"; empty for empty text.
std::vector<std::string> parse_words(std::string_view text);

}  // namespace twofour::cli
