#include <cstring>

#include "base/error.h"
#include "data/codec_limits.h"

#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#define STBI_ONLY_BMP
#define STBI_NO_STDIO
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#include <stb/stb_image.h>
#pragma GCC diagnostic pop

namespace twofour::data {
namespace {

template <typename T>
int64_t field(std::span<const std::byte> bytes, size_t offset) {
  T value{};
  TWOFOUR_CHECK(offset + sizeof value <= bytes.size(), kDataCorrupt, "BMP header: it is cut short");
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

/// stb takes what lies behind the end for black.
void check_complete(std::span<const std::byte> bytes, int64_t height, int64_t width) {
  constexpr int64_t kCoreHeader = 12;
  const int64_t bits = field<uint16_t>(bytes, field<uint32_t>(bytes, 14) == kCoreHeader ? 24 : 28);
  const int64_t row_bytes = (width * bits + 31) / 32 * 4;
  const int64_t needed = field<uint32_t>(bytes, 10) + row_bytes * height;
  TWOFOUR_CHECK(needed <= static_cast<int64_t>(bytes.size()), kDataCorrupt, "BMP data: it has {} bytes of {}",
                bytes.size(), needed);
}

}  // namespace

Image decode_bmp(std::span<const std::byte> bytes, const DecodeLimits& limits) {
  const auto* data = reinterpret_cast<const stbi_uc*>(bytes.data());
  const auto size = static_cast<int>(std::min<size_t>(bytes.size(), INT_MAX));
  int width = 0;
  int height = 0;
  int channels = 0;
  TWOFOUR_CHECK(stbi_info_from_memory(data, size, &width, &height, &channels), kDataCorrupt, "BMP header: {}",
                stbi_failure_reason());
  check_image_size("BMP", height, width, limits);
  check_complete(bytes, height, width);
  const std::unique_ptr<stbi_uc, void (*)(void*)> pixels(
      stbi_load_from_memory(data, size, &width, &height, &channels, 3), stbi_image_free);
  TWOFOUR_CHECK(pixels, kDataCorrupt, "BMP data: {}", stbi_failure_reason());
  Image image(height, width, 3);
  std::memcpy(image.pixels.data(), pixels.get(), image.pixels.size());
  return image;
}

}  // namespace twofour::data
