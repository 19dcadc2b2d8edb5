#include "base/json.h"

#include "base/error.h"

namespace twofour {

Json parse_json(std::string_view text, std::string_view source) {
  try {
    return Json::parse(text);
  } catch (const Json::exception& error) {
    fail(ErrorCode::kDataCorrupt, "{} is not valid JSON: {}", source, error.what());
  }
}

}  // namespace twofour
