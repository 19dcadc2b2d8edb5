#include <tiffio.h>

#include <array>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <memory>

#include "base/error.h"
#include "data/codec_limits.h"

namespace twofour::data {
namespace {

/// A file in memory, and the first error that libtiff reports about it.
struct TiffSource {
  std::span<const std::byte> bytes;
  size_t position = 0;
  std::array<char, 256> message{};
};

TiffSource& source(thandle_t handle) { return *static_cast<TiffSource*>(handle); }

tmsize_t read(thandle_t handle, void* dst, tmsize_t size) {
  TiffSource& file = source(handle);
  const auto rest = file.bytes.subspan(std::min(file.position, file.bytes.size()));
  const auto count = std::min(rest.size(), static_cast<size_t>(std::max<tmsize_t>(size, 0)));
  if (count > 0) std::memcpy(dst, rest.data(), count);
  file.position += count;
  return static_cast<tmsize_t>(count);
}

tmsize_t write(thandle_t, void*, tmsize_t) { return 0; }

toff_t seek(thandle_t handle, toff_t offset, int origin) {
  TiffSource& file = source(handle);
  const size_t base = origin == SEEK_CUR ? file.position : origin == SEEK_END ? file.bytes.size() : 0;
  file.position = base + offset;
  return file.position;
}

int close(thandle_t) { return 0; }

toff_t size(thandle_t handle) { return source(handle).bytes.size(); }

int on_error(TIFF*, void* handle, const char*, const char* format, va_list arguments) {
  TiffSource& file = source(handle);
  if (file.message[0] == 0) std::vsnprintf(file.message.data(), file.message.size(), format, arguments);
  return 1;
}

int on_warning(TIFF*, void*, const char*, const char*, va_list) { return 1; }

constexpr tmsize_t kTagBytes = 1 << 20;

using Tiff = std::unique_ptr<TIFF, void (*)(TIFF*)>;

/// Null when it is no TIFF. libtiff copies the options.
Tiff open(TiffSource& file, const DecodeLimits& limits) {
  const std::unique_ptr<TIFFOpenOptions, void (*)(TIFFOpenOptions*)> options(TIFFOpenOptionsAlloc(),
                                                                             TIFFOpenOptionsFree);
  TIFFOpenOptionsSetMaxSingleMemAlloc(options.get(),
                                      kTagBytes + static_cast<tmsize_t>(limits.max_pixels) * 16);
  TIFFOpenOptionsSetErrorHandlerExtR(options.get(), on_error, &file);
  TIFFOpenOptionsSetWarningHandlerExtR(options.get(), on_warning, &file);
  // m: no mapping.
  return {TIFFClientOpenExt("image", "rm", &file, read, write, seek, close, size, nullptr, nullptr,
                            options.get()),
          TIFFClose};
}

std::string reason(const TiffSource& file) { return file.message[0] ? file.message.data() : "it is damaged"; }

/// libtiff's conversion to RGBA, with tables that take the high byte of 16 bits, where its own round, and
/// leave colours as they are, where its own multiply them with alpha.
bool read_rgba(TIFF* tiff, std::vector<uint32_t>& raster) {
  constexpr int kStopOnError = 1;
  constexpr size_t kEntries = 1 << 16;
  std::array<char, 1024> problem{};
  TIFFRGBAImage image;
  if (!TIFFRGBAImageBegin(&image, tiff, kStopOnError, problem.data())) return false;
  image.req_orientation = ORIENTATION_TOPLEFT;
  for (size_t i = 0; i < kEntries; ++i) {
    if (image.Bitdepth16To8) image.Bitdepth16To8[i] = static_cast<uint8_t>(i >> 8);
    if (image.UaToAa) image.UaToAa[i] = static_cast<uint8_t>(i);  // alpha above, colour below
  }
  const bool ok = TIFFRGBAImageGet(&image, raster.data(), image.width, image.height) != 0;
  TIFFRGBAImageEnd(&image);
  return ok;
}

}  // namespace

Image decode_tiff(std::span<const std::byte> bytes, const DecodeLimits& limits) {
  TiffSource file{bytes};
  const Tiff tiff = open(file, limits);
  TWOFOUR_CHECK(tiff, kDataCorrupt, "TIFF header: {}", reason(file));
  uint32_t width = 0;
  uint32_t height = 0;
  TIFFGetField(tiff.get(), TIFFTAG_IMAGEWIDTH, &width);
  TIFFGetField(tiff.get(), TIFFTAG_IMAGELENGTH, &height);
  check_image_size("TIFF", height, width, limits);
  std::array<char, 1024> problem{};
  TWOFOUR_CHECK(TIFFRGBAImageOK(tiff.get(), problem.data()), kUnsupported,
                "TIFF of a kind that is not read: {}", problem.data());
  std::vector<uint32_t> raster(size_t{width} * height);
  TWOFOUR_CHECK(read_rgba(tiff.get(), raster), kDataCorrupt, "TIFF data: {}", reason(file));
  Image image(height, width, 3);
  for (size_t i = 0; i < raster.size(); ++i) {
    image.pixels[3 * i] = TIFFGetR(raster[i]);
    image.pixels[3 * i + 1] = TIFFGetG(raster[i]);
    image.pixels[3 * i + 2] = TIFFGetB(raster[i]);
  }
  return image;
}

}  // namespace twofour::data
