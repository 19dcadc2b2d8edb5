#include <png.h>

#include <string>

#include "base/error.h"
#include "data/codec_limits.h"

namespace twofour::data {
namespace {

/// libpng's simplified interface; it returns errors instead of jumping.
struct Png {
  png_image image{};
  Png() { image.version = PNG_IMAGE_VERSION; }
  ~Png() { png_image_free(&image); }
  Png(const Png&) = delete;
  Png& operator=(const Png&) = delete;
};

Image drop_alpha(const Image& rgba) {
  Image rgb(rgba.height, rgba.width, 3);
  for (size_t i = 0; i < rgba.pixels.size() / 4; ++i)
    for (size_t c = 0; c < 3; ++c) rgb.pixels[3 * i + c] = rgba.pixels[4 * i + c];
  return rgb;
}

}  // namespace

Image decode_png(std::span<const std::byte> bytes, const DecodeLimits& limits) {
  Png png;
  TWOFOUR_CHECK(png_image_begin_read_from_memory(&png.image, bytes.data(), bytes.size()) != 0, kDataCorrupt,
                "PNG header: {}", std::string(png.image.message));
  check_image_size("PNG", png.image.height, png.image.width, limits);
  const bool has_alpha = (png.image.format & PNG_FORMAT_FLAG_ALPHA) != 0;
  png.image.format = has_alpha ? PNG_FORMAT_RGBA : PNG_FORMAT_RGB;
  Image image(png.image.height, png.image.width, has_alpha ? 4 : 3);
  const bool complete = png_image_finish_read(&png.image, nullptr, image.pixels.data(), 0, nullptr) != 0;
  TWOFOUR_CHECK(complete, kDataCorrupt, "PNG data: {}", std::string(png.image.message));
  return has_alpha ? drop_alpha(image) : image;
}

std::string encode_png(const Image& image) {
  TWOFOUR_CHECK(image.channels == 1 || image.channels == 3, kInvalidArgument,
                "a PNG is written from 1 or 3 channels, got {}", image.channels);
  TWOFOUR_CHECK(!image.pixels.empty(), kInvalidArgument, "cannot write an empty image as PNG");
  Png png;
  png.image.width = static_cast<png_uint_32>(image.width);
  png.image.height = static_cast<png_uint_32>(image.height);
  png.image.format = image.channels == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB;
  std::string bytes(PNG_IMAGE_PNG_SIZE_MAX(png.image), '\0');
  png_alloc_size_t size = bytes.size();
  TWOFOUR_CHECK(
      png_image_write_to_memory(&png.image, bytes.data(), &size, 0, image.pixels.data(), 0, nullptr) != 0,
      kInternal, "cannot write a PNG: {}", std::string(png.image.message));
  bytes.resize(size);
  return bytes;
}

}  // namespace twofour::data
