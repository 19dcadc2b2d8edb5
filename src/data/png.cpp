#include <png.h>

#include <array>
#include <csetjmp>
#include <cstdio>
#include <cstring>
#include <string>

#include "base/error.h"
#include "data/codec_limits.h"

namespace twofour::data {
namespace {

/// The decoder's state. libpng reports errors by a jump, so the functions that set it hold no objects with
/// destructors. The simplified interface would apply gAMA and take 16-bit samples for linear light.
struct PngReader {
  std::span<const std::byte> rest;
  std::array<char, 256> message{};
  png_structp png = nullptr;
  png_infop info = nullptr;

  explicit PngReader(std::span<const std::byte> bytes);
  ~PngReader() { png_destroy_read_struct(&png, &info, nullptr); }
  PngReader(const PngReader&) = delete;
  PngReader& operator=(const PngReader&) = delete;
};

[[noreturn]] void on_error(png_structp png, png_const_charp message) {
  auto* reader = static_cast<PngReader*>(png_get_error_ptr(png));
  std::snprintf(reader->message.data(), reader->message.size(), "%s", message);
  png_longjmp(png, 1);
}

void on_warning(png_structp, png_const_charp) {}

void read_bytes(png_structp png, png_bytep dst, size_t count) {
  auto* reader = static_cast<PngReader*>(png_get_io_ptr(png));
  if (count > reader->rest.size()) png_error(png, "the file is cut short");
  std::memcpy(dst, reader->rest.data(), count);
  reader->rest = reader->rest.subspan(count);
}

PngReader::PngReader(std::span<const std::byte> bytes)
    : rest(bytes), png(png_create_read_struct(PNG_LIBPNG_VER_STRING, this, on_error, on_warning)) {
  TWOFOUR_CHECK(png && (info = png_create_info_struct(png)), kResourceExhausted, "no memory for a PNG");
  png_set_read_fn(png, this, read_bytes);
}

/// Asks for 8-bit RGB.
bool read_header(PngReader& reader) {
  if (setjmp(png_jmpbuf(reader.png)) != 0) return false;
  png_read_info(reader.png, reader.info);
  png_set_expand(reader.png);
  png_set_strip_16(reader.png);
  png_set_strip_alpha(reader.png);
  png_set_gray_to_rgb(reader.png);
  return true;
}

bool read_pixels(PngReader& reader, png_bytep dst, size_t height, size_t row_bytes) {
  if (setjmp(png_jmpbuf(reader.png)) != 0) return false;
  const int passes = png_set_interlace_handling(reader.png);
  png_read_update_info(reader.png, reader.info);
  if (png_get_rowbytes(reader.png, reader.info) != row_bytes) png_error(reader.png, "its rows are not RGB");
  for (int pass = 0; pass < passes; ++pass)
    for (size_t y = 0; y < height; ++y) png_read_row(reader.png, dst + y * row_bytes, nullptr);
  return true;
}

}  // namespace

Image decode_png(std::span<const std::byte> bytes, const DecodeLimits& limits) {
  PngReader reader(bytes);
  TWOFOUR_CHECK(read_header(reader), kDataCorrupt, "PNG header: {}", std::string(reader.message.data()));
  const int64_t height = png_get_image_height(reader.png, reader.info);
  const int64_t width = png_get_image_width(reader.png, reader.info);
  check_image_size("PNG", height, width, limits);
  Image image(height, width, 3);
  TWOFOUR_CHECK(
      read_pixels(reader, image.pixels.data(), static_cast<size_t>(height), static_cast<size_t>(3 * width)),
      kDataCorrupt, "PNG data: {}", std::string(reader.message.data()));
  return image;
}

namespace {

/// libpng's simplified interface, which returns errors instead of jumping.
struct PngWriter {
  png_image image{};
  PngWriter() { image.version = PNG_IMAGE_VERSION; }
  ~PngWriter() { png_image_free(&image); }
  PngWriter(const PngWriter&) = delete;
  PngWriter& operator=(const PngWriter&) = delete;
};

}  // namespace

std::string encode_png(const Image& image) {
  TWOFOUR_CHECK(image.channels == 1 || image.channels == 3, kInvalidArgument,
                "a PNG is written from 1 or 3 channels, got {}", image.channels);
  TWOFOUR_CHECK(!image.pixels.empty(), kInvalidArgument, "cannot write an empty image as PNG");
  PngWriter png;
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
