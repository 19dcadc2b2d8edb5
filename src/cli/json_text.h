// JSON as commands write it.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace twofour::cli {

/// Ends in a line break; bytes that are not UTF-8 (names of models may hold them) become U+FFFD. `indent` as
/// nlohmann::json::dump takes it: -1 is one line.
inline std::string json_text(const nlohmann::ordered_json& json, int indent = 1) {
  return json.dump(indent, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace twofour::cli
