// JSON (nlohmann::json). parse_json turns syntax errors into Error{kDataCorrupt} that names the source.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace twofour {

using Json = nlohmann::ordered_json;

/// `source` names the file or stream in the error text.
Json parse_json(std::string_view text, std::string_view source);

}  // namespace twofour
