// Floats and texts in JSON, every one exactly: what JSON lacks is spelled out.
#pragma once

#include <string>
#include <string_view>

#include "base/json.h"

namespace twofour {

/// A number; infinities and NaN as their bits, "0xff800000".
Json float_to_json(float value);
/// The same bits. Throws Error{kDataCorrupt} on anything float_to_json would not write.
float float_from_json(const Json& json);

/// A string; what is not UTF-8 as a list of its bytes.
Json text_to_json(std::string_view text);
/// Throws Error{kDataCorrupt} on anything text_to_json would not write.
std::string text_from_json(const Json& json);

/// Lists of them.
template <typename T, typename Fn>
Json list_to_json(const std::vector<T>& items, const Fn& item_to_json) {
  Json list = Json::array();
  for (const T& item : items) list.push_back(item_to_json(item));
  return list;
}
template <typename Fn>
auto list_from_json(const Json& json, const Fn& item_from_json) {
  std::vector<decltype(item_from_json(json))> items;
  if (!json.is_array()) fail(ErrorCode::kDataCorrupt, "{} is not a list", json.dump());
  for (const Json& item : json) items.push_back(item_from_json(item));
  return items;
}

}  // namespace twofour
