#include "data/image_codec.h"

#include <cstring>

#include "base/error.h"
#include "data/codec_limits.h"

namespace twofour::data {
namespace {

bool starts_with(std::span<const std::byte> bytes, std::string_view magic) {
  return bytes.size() >= magic.size() && std::memcmp(bytes.data(), magic.data(), magic.size()) == 0;
}

}  // namespace

void check_image_size(std::string_view format, int64_t height, int64_t width, const DecodeLimits& limits) {
  TWOFOUR_CHECK(height > 0 && width > 0, kDataCorrupt, "{} image of {}x{} pixels", format, height, width);
  TWOFOUR_CHECK(height <= limits.max_side && width <= limits.max_side && height * width <= limits.max_pixels,
                kResourceExhausted,
                "{} image claims {}x{} pixels; at most {} a side and {} in all are accepted", format, height,
                width, limits.max_side, limits.max_pixels);
}

Image decode_image(std::span<const std::byte> bytes, const DecodeLimits& limits) {
  TWOFOUR_CHECK(!bytes.empty(), kDataCorrupt, "image is empty (0 bytes)");
  if (starts_with(bytes, "\xff\xd8")) return decode_jpeg(bytes, limits);
  if (starts_with(bytes, "\x89PNG")) return decode_png(bytes, limits);
  fail(ErrorCode::kUnsupported, "neither JPEG nor PNG: the first byte is 0x{:02x}",
       static_cast<unsigned>(bytes[0]));
}

}  // namespace twofour::data
