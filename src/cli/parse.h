// Values of options, in trtexec's spelling.
//
// Lists have commas between their entries, blanks around an entry do not count. A name or value in '...' or
// "..." may hold commas, colons and blanks: '"a:b,c":1x3'. Without quotes a name ends at the last colon. An
// empty text is an empty list. Everything here throws Error{kInvalidArgument} quoting the part that is wrong.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "twofour/shape.h"

namespace twofour::cli {

/// "input:8x3x32x32,mask:8x1". A name that comes twice is an error.
std::map<std::string, Shape> parse_shapes(std::string_view text);
/// "input:image.npy,mask:mask.bin": file by name. A name that comes twice is an error.
std::map<std::string, std::string> parse_named_files(std::string_view text);
/// "conv*:fp32,fc:int8": pairs in their order, names may come again.
std::vector<std::pair<std::string, std::string>> parse_named_words(std::string_view text);
/// "8x3x32x32", or "scalar". Sizes are not negative.
Shape parse_shape(std::string_view text);
/// "0.485,0.456,0.406".
std::vector<float> parse_floats(std::string_view text);
std::vector<int64_t> parse_ints(std::string_view text);
/// "a,b,c"; none may be empty.
std::vector<std::string> parse_words(std::string_view text);

/// The whole text, blanks around it aside; neither NaN nor infinite. T is int, int64_t, uint32_t, uint64_t,
/// float or double.
template <typename T>
T parse_number(std::string_view text);

}  // namespace twofour::cli
