#include "base/json.h"

#include <algorithm>

namespace twofour {

namespace {

constexpr int kMostDepth = 256;

int depth_of(std::string_view text) {
  int depth = 0;
  int deepest = 0;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"') in_string = !in_string;
    else if (in_string) i += c == '\\';
    else if (c == '[' || c == '{') deepest = std::max(deepest, ++depth);
    else if (c == ']' || c == '}') --depth;
  }
  return deepest;
}

}  // namespace

Json parse_json(std::string_view text, std::string_view source) {
  TWOFOUR_CHECK(depth_of(text) <= kMostDepth, kDataCorrupt, "{} is not valid JSON: nested deeper than {}",
                source, kMostDepth);
  try {
    return Json::parse(text);
  } catch (const Json::exception& error) {
    fail(ErrorCode::kDataCorrupt, "{} is not valid JSON: {}", source, error.what());
  }
}

}  // namespace twofour
