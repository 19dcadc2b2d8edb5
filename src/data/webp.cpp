#include <webp/decode.h>

#include "base/error.h"
#include "data/codec_limits.h"

namespace twofour::data {

Image decode_webp(std::span<const std::byte> bytes, const DecodeLimits& limits) {
  const auto* data = reinterpret_cast<const uint8_t*>(bytes.data());
  WebPBitstreamFeatures features{};
  TWOFOUR_CHECK(WebPGetFeatures(data, bytes.size(), &features) == VP8_STATUS_OK, kDataCorrupt,
                "WebP header: it is damaged or cut short");
  TWOFOUR_CHECK(!features.has_animation, kUnsupported, "it is an animated WebP; a still image is expected");
  check_image_size("WebP", features.height, features.width, limits);
  Image image(features.height, features.width, 3);
  TWOFOUR_CHECK(
      WebPDecodeRGBInto(data, bytes.size(), image.pixels.data(), image.pixels.size(), features.width * 3),
      kDataCorrupt, "WebP data: it is damaged or cut short");
  return image;
}

}  // namespace twofour::data
