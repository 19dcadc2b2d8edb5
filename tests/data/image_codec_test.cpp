#include "data/image_codec.h"

#include <png.h>
#include <zlib.h>

#include <cstring>

#include "base/errors.h"
#include "data/files.h"

namespace twofour::data {
namespace {

/// The text of the Error; decodes to nothing else.
Error decode_error(const std::string& bytes, const DecodeLimits& limits = {}) {
  return error_of([&] { decode_image(as_bytes(bytes), limits); });
}

std::string encode_png_as(const Image& image, png_uint_32 format) {
  png_image png{};
  png.version = PNG_IMAGE_VERSION;
  png.width = static_cast<png_uint_32>(image.width);
  png.height = static_cast<png_uint_32>(image.height);
  png.format = format;
  std::string bytes(100'000, '\0');
  png_alloc_size_t size = bytes.size();
  EXPECT_TRUE(png_image_write_to_memory(&png, bytes.data(), &size, 0, image.pixels.data(), 0, nullptr));
  bytes.resize(size);
  return bytes;
}

/// A PNG whose header claims another size; the checksum of the header fits.
std::string png_claiming(uint32_t width, uint32_t height) {
  std::string bytes = encode_png(flat_image(3, 3, 1, 2, 3));
  bytes.replace(16, 8, big_endian(width) + big_endian(height));
  bytes.replace(
      29, 4,
      big_endian(static_cast<uint32_t>(crc32(0, reinterpret_cast<const Bytef*>(bytes.data()) + 12, 17))));
  return bytes;
}

/// A JPEG whose frame header claims another size.
std::string jpeg_claiming(uint32_t width, uint32_t height) {
  std::string bytes = encode_jpeg(flat_image(16, 16, 9, 9, 9));
  const size_t frame = bytes.find("\xff\xc0");
  bytes.replace(frame + 5, 4, big_endian(height << 16 | width));
  return bytes;
}

int largest_difference(const Image& a, const Image& b) {
  EXPECT_EQ(a.pixels.size(), b.pixels.size());
  int largest = 0;
  for (size_t i = 0; i < a.pixels.size(); ++i)
    largest = std::max(largest, std::abs(a.pixels[i] - b.pixels[i]));
  return largest;
}

TEST(ImageCodec, PngRoundTripsExactly) {
  for (const auto& [h, w] : {std::pair{1, 1}, {5, 7}, {64, 33}}) {
    const Image rgb = random_image(h, w, 3, 1);
    const Image decoded = decode_image(as_bytes(encode_png(rgb)));
    EXPECT_EQ(decoded.height, h);
    EXPECT_EQ(decoded.width, w);
    EXPECT_EQ(decoded.pixels, rgb.pixels);
    const Image grey = random_image(h, w, 1, 2);
    EXPECT_EQ(decode_image(as_bytes(encode_png(grey))).pixels, convert_channels(grey, 3).pixels);
  }
}

TEST(ImageCodec, PngAlphaIsDropped) {
  const Image rgba = random_image(4, 6, 4, 3);
  const Image decoded = decode_image(as_bytes(encode_png_as(rgba, PNG_FORMAT_RGBA)));
  ASSERT_EQ(decoded.channels, 3);
  for (size_t i = 0; i < 24; ++i)
    for (size_t c = 0; c < 3; ++c) EXPECT_EQ(decoded.pixels[3 * i + c], rgba.pixels[4 * i + c]);
}

TEST(ImageCodec, JpegKindsDecode) {
  const Image colour = flat_image(17, 23, 200, 30, 90);
  EXPECT_LE(largest_difference(decode_image(as_bytes(encode_jpeg(colour))), colour), 4);
  EXPECT_LE(largest_difference(decode_image(as_bytes(encode_jpeg(colour, true))), colour), 4);
  Image grey(17, 23, 1);
  std::memset(grey.pixels.data(), 77, grey.pixels.size());
  EXPECT_LE(largest_difference(decode_image(as_bytes(encode_jpeg(grey))), flat_image(17, 23, 77, 77, 77)), 2);
}

TEST(ImageCodec, AdobeCmykBecomesRgb) {
  Image inks(8, 8, 4);
  for (size_t i = 0; i < inks.pixels.size(); i += 4) {
    const uint8_t light[4] = {255, 100, 0, 128};  // Adobe stores 255 - ink
    std::memcpy(&inks.pixels[i], light, 4);
  }
  const Image decoded = decode_image(as_bytes(encode_jpeg(inks)));
  EXPECT_LE(largest_difference(decoded, flat_image(8, 8, 128, 50, 0)), 3);
}

TEST(ImageCodec, EveryTruncationIsAnError) {
  const Image image = random_image(24, 24, 3, 5);
  for (const std::string& whole : {encode_png(image), encode_jpeg(image), encode_jpeg(image, true)}) {
    const bool png = whole[0] == '\x89';
    // libpng needs nothing of the trailing 12-byte IEND chunk; libjpeg stands in for the last marker.
    const size_t needed = whole.size() - (png ? 12 : 2);
    for (size_t length = 0; length < needed; ++length) {
      const Error error = decode_error(whole.substr(0, length));
      EXPECT_TRUE(error.code() == ErrorCode::kDataCorrupt || length < 4)
          << length << " of " << whole.size() << ": " << error.what();
    }
  }
}

TEST(ImageCodec, DamagedBytesNeverCrash) {
  const Image image = random_image(20, 20, 3, 6);
  int refused = 0;
  for (const std::string& whole : {encode_png(image), encode_jpeg(image), encode_jpeg(image, true)}) {
    for (size_t i = 0; i < whole.size(); ++i) {
      std::string damaged = whole;
      damaged[i] = static_cast<char>(damaged[i] ^ (1 << (i % 8)));
      try {
        decode_image(as_bytes(damaged), {.max_side = 4096, .max_pixels = 1 << 20});
      } catch (const Error& error) {
        ++refused;
        EXPECT_NE(error.code(), ErrorCode::kInternal) << error.what();
      }
    }
  }
  EXPECT_GT(refused, 500);
}

TEST(ImageCodec, AbsurdSizesAreRefusedBeforeAllocation) {
  EXPECT_ERROR(decode_image(as_bytes(png_claiming(900'000, 900'000))), kResourceExhausted, "900000x900000");
  EXPECT_ERROR(decode_image(as_bytes(png_claiming(30'000, 30'000))), kResourceExhausted, "30000x30000");
  EXPECT_EQ(decode_error(png_claiming(0x7fffffff, 0x7fffffff)).code(),
            ErrorCode::kDataCorrupt);  // libpng's limit
  EXPECT_EQ(decode_error(png_claiming(0, 5)).code(), ErrorCode::kDataCorrupt);
  EXPECT_ERROR(decode_image(as_bytes(jpeg_claiming(65'000, 65'000))), kResourceExhausted, "65000x65000");
  EXPECT_EQ(decode_error(jpeg_claiming(0, 7)).code(), ErrorCode::kDataCorrupt);
  EXPECT_ERROR(decode_image(as_bytes(encode_png(flat_image(9, 9, 0, 0, 0))), {.max_pixels = 80}),
               kResourceExhausted, "at most");
}

TEST(ImageCodec, OtherContentIsNamed) {
  EXPECT_ERROR(decode_image({}), kDataCorrupt, "0 bytes");
  EXPECT_ERROR(decode_image(as_bytes("GIF89a.....")), kUnsupported, "0x47");
  EXPECT_ERROR(decode_png(as_bytes("not a png at all")), kDataCorrupt, "PNG header");
  EXPECT_ERROR(decode_jpeg(as_bytes("not a jpeg")), kDataCorrupt, "JPEG header");
}

TEST(ImageCodec, EncodingRefusesWhatPngCannotHold) {
  EXPECT_ERROR(encode_png(Image(2, 2, 2)), kInvalidArgument, "got 2");
  EXPECT_ERROR(encode_png(Image(0, 2, 3)), kInvalidArgument, "empty image");
}

}  // namespace
}  // namespace twofour::data
