// JSON (nlohmann::json). parse_json turns syntax errors into Error{kDataCorrupt} that names the source.
#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "base/json_fwd.h"

namespace twofour {

/// `source` names the file or stream in the error text.
Json parse_json(std::string_view text, std::string_view source);

}  // namespace twofour
