#include "base/json_exact.h"

#include <bit>
#include <charconv>
#include <cmath>

#include "base/utf8.h"

namespace twofour {

Json float_to_json(float value) {
  if (std::isfinite(value)) return value;
  return fmt::format("{:#010x}", std::bit_cast<uint32_t>(value));
}

float float_from_json(const Json& json) {
  float value = NAN;
  bool valid = json.is_number();
  if (valid) {
    value = static_cast<float>(json.get<double>());
    valid = std::isfinite(value);
  } else if (json.is_string()) {
    const std::string text = json.get<std::string>();
    uint32_t bits = 0;
    const char* end = text.data() + text.size();
    valid = text.size() == 10 && text.starts_with("0x") &&
            std::from_chars(text.data() + 2, end, bits, 16).ptr == end;
    value = std::bit_cast<float>(bits);
    valid &= !std::isfinite(value);
  }
  TWOFOUR_CHECK(valid, kDataCorrupt, "{} is not a float", json.dump());
  return value;
}

Json text_to_json(std::string_view text) {
  if (is_utf8(text)) return text;
  return std::vector<uint8_t>(text.begin(), text.end());
}

std::string text_from_json(const Json& json) {
  if (json.is_string()) return json.get<std::string>();
  const std::vector<uint8_t> bytes = get_integers<uint8_t>(json);
  return {bytes.begin(), bytes.end()};
}

}  // namespace twofour
