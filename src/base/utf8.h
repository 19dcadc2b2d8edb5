#pragma once

#include <string_view>

namespace twofour {

/// Whether the text is UTF-8 in its one form: no overlong characters, no surrogates, nothing above U+10FFFF.
bool is_utf8(std::string_view text);

}  // namespace twofour
