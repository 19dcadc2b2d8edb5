// JSON (nlohmann::json). parse_json turns syntax errors into Error{kDataCorrupt} that names the source.
#pragma once

#include <concepts>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/json_fwd.h"

namespace twofour {

/// `source` names the file or stream in the error text. Nesting is limited: copying and writing recurse.
Json parse_json(std::string_view text, std::string_view source);

/// A whole number that T can hold. Throws Error{kDataCorrupt} on anything else, where Json::get would drop
/// signs, fractions and high bits.
template <std::integral T>
T get_integer(const Json& json) {
  const bool is_unsigned = json.is_number_unsigned();
  if (is_unsigned && std::in_range<T>(json.get<uint64_t>())) return json.get<T>();
  if (!is_unsigned && json.is_number_integer() && std::in_range<T>(json.get<int64_t>())) return json.get<T>();
  fail(ErrorCode::kDataCorrupt, "{} is not a whole number of the expected size", json.dump());
}
template <std::integral T>
std::vector<T> get_integers(const Json& json) {
  std::vector<T> values;
  if (!json.is_array()) fail(ErrorCode::kDataCorrupt, "{} is not a list of whole numbers", json.dump());
  for (const Json& item : json) values.push_back(get_integer<T>(item));
  return values;
}

}  // namespace twofour
