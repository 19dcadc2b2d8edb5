// JPEG (libjpeg-turbo), PNG (libpng), WebP (libwebp), TIFF (libtiff) and BMP (stb) to 8-bit RGB, and RGB or
// grey to PNG. Input is untrusted: sizes are checked before anything is allocated for the pixels, and damaged
// input is an Error, never half an image.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "data/image.h"

namespace twofour::data {

struct DecodeLimits {
  int64_t max_side = 32768;
  int64_t max_pixels = int64_t{1} << 26;
};

/// Chooses the codec by the first bytes. The result has 3 channels; grey is repeated, alpha is dropped, of
/// 16-bit samples the high byte counts, CMYK is converted, gamma (PNG's gAMA) is not applied; of several
/// images in a TIFF the first is taken. What Pillow, OpenCV and torchvision do, too. Throws
/// Error{kDataCorrupt} on damaged or truncated input, Error{kUnsupported} on another format and
/// Error{kResourceExhausted} beyond `limits`.
Image decode_image(std::span<const std::byte> bytes, const DecodeLimits& limits = {});
Image decode_jpeg(std::span<const std::byte> bytes, const DecodeLimits& limits = {});
Image decode_png(std::span<const std::byte> bytes, const DecodeLimits& limits = {});
Image decode_webp(std::span<const std::byte> bytes, const DecodeLimits& limits = {});
Image decode_tiff(std::span<const std::byte> bytes, const DecodeLimits& limits = {});
Image decode_bmp(std::span<const std::byte> bytes, const DecodeLimits& limits = {});

/// The bytes of a PNG file with the pixels of `image` (1 or 3 channels).
std::string encode_png(const Image& image);

}  // namespace twofour::data
