#include "data/image_codec.h"

#include <png.h>
#include <tiffio.h>
#include <webp/encode.h>
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

std::string little_endian(uint32_t value) {
  std::string bytes = big_endian(value);
  std::ranges::reverse(bytes);
  return bytes;
}

/// 24 bits a pixel, from the bottom up.
std::string encode_bmp(const Image& image) {
  const auto row_bytes = static_cast<size_t>((image.width * 3 + 3) / 4 * 4);
  std::string bytes = "BM" + little_endian(0) + little_endian(0) + little_endian(54) + little_endian(40) +
                      little_endian(static_cast<uint32_t>(image.width)) +
                      little_endian(static_cast<uint32_t>(image.height)) + std::string("\x01\0\x18\0", 4) +
                      std::string(24, '\0');
  for (int64_t y = image.height; y-- > 0;) {
    std::string row;
    for (int64_t i = 0; i < image.width; ++i)
      for (const int c : {2, 1, 0}) row += static_cast<char>(image.pixels[(y * image.width + i) * 3 + c]);
    bytes += row + std::string(row_bytes - row.size(), '\0');
  }
  return bytes;
}

std::string encode_webp(const Image& image) {
  uint8_t* bytes = nullptr;
  const size_t size =
      WebPEncodeLosslessRGB(image.pixels.data(), static_cast<int>(image.width),
                            static_cast<int>(image.height), static_cast<int>(image.width * 3), &bytes);
  const std::string result(reinterpret_cast<const char*>(bytes), size);
  WebPFree(bytes);
  return result;
}

/// RGB, or RGBA whose colours are not multiplied with alpha; T is uint8_t or uint16_t.
template <typename T>
std::string encode_tiff(int64_t height, int64_t width, uint16_t samples, const std::vector<T>& values,
                        uint16_t compression = COMPRESSION_NONE) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "image.tif";
  TIFF* tiff = TIFFOpen(path.c_str(), "w");
  TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, static_cast<uint32_t>(width));
  TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, static_cast<uint32_t>(height));
  TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, samples);
  TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, 8 * sizeof(T));
  const uint16_t alpha = EXTRASAMPLE_UNASSALPHA;
  if (samples == 4) TIFFSetField(tiff, TIFFTAG_EXTRASAMPLES, 1, &alpha);
  TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_RGB);
  TIFFSetField(tiff, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
  TIFFSetField(tiff, TIFFTAG_COMPRESSION, compression);
  TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, 3);
  for (int64_t y = 0; y < height; ++y) {
    std::vector<T> row(values.begin() + y * width * samples, values.begin() + (y + 1) * width * samples);
    EXPECT_EQ(TIFFWriteScanline(tiff, row.data(), static_cast<uint32_t>(y)), 1);
  }
  TIFFClose(tiff);
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

std::string encode_tiff(const Image& image, uint16_t compression = COMPRESSION_NONE) {
  return encode_tiff(image.height, image.width, static_cast<uint16_t>(image.channels), image.pixels,
                     compression);
}

/// Every lossless way in which `image` can be written.
std::vector<std::string> encode_lossless(const Image& image) {
  return {encode_png(image), encode_webp(image), encode_bmp(image), encode_tiff(image),
          encode_tiff(image, COMPRESSION_LZW)};
}

std::vector<std::string> encode_every_kind(const Image& image) {
  std::vector<std::string> kinds = encode_lossless(image);
  kinds.push_back(encode_jpeg(image));
  kinds.push_back(encode_jpeg(image, true));
  return kinds;
}

std::string chunk(const std::string& type, const std::string& data) {
  const std::string body = type + data;
  return big_endian(static_cast<uint32_t>(data.size())) + body +
         big_endian(static_cast<uint32_t>(
             crc32(0, reinterpret_cast<const Bytef*>(body.data()), static_cast<uInt>(body.size()))));
}

/// A grey PNG of one row with 16-bit samples and, when not empty, a gAMA chunk.
std::string encode_grey16(const std::vector<uint16_t>& samples, const std::string& gamma) {
  std::string row(1, '\0');
  for (const uint16_t v : samples) row += {static_cast<char>(v >> 8), static_cast<char>(v)};
  std::string packed(compressBound(row.size()), '\0');
  uLongf size = packed.size();
  compress(reinterpret_cast<Bytef*>(packed.data()), &size, reinterpret_cast<const Bytef*>(row.data()),
           row.size());
  packed.resize(size);
  const std::string header =
      big_endian(static_cast<uint32_t>(samples.size())) + big_endian(1) + std::string("\x10\0\0\0\0", 5);
  return "\x89PNG\r\n\x1a\n" + chunk("IHDR", header) + (gamma.empty() ? "" : chunk("gAMA", gamma)) +
         chunk("IDAT", packed) + chunk("IEND", "");
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

TEST(ImageCodec, EveryLosslessKindGivesThePixels) {
  for (const auto& [h, w] : {std::pair{1, 1}, {5, 7}, {32, 17}}) {
    const Image image = random_image(h, w, 3, 8);
    for (const std::string& bytes : encode_lossless(image)) {
      const Image decoded = decode_image(as_bytes(bytes));
      EXPECT_EQ(decoded.height, h);
      EXPECT_EQ(decoded.width, w);
      EXPECT_EQ(decoded.pixels, image.pixels) << bytes.substr(0, 4);
    }
  }
}

// As Pillow, OpenCV and torchvision read it: the high byte, and no gamma.
TEST(ImageCodec, SixteenBitsAreCutAndGammaIsNotApplied) {
  const std::vector<uint16_t> samples = {0, 255, 256, 0x1234, 0x80ff, 0xffff};
  for (const std::string& gamma : {std::string(), big_endian(45455), big_endian(100'000)}) {
    const Image decoded = decode_image(as_bytes(encode_grey16(samples, gamma)));
    ASSERT_EQ(decoded.pixels.size(), 3 * samples.size());
    for (size_t i = 0; i < decoded.pixels.size(); ++i) EXPECT_EQ(decoded.pixels[i], samples[i / 3] >> 8);
  }
  const Image tiff = decode_image(as_bytes(encode_tiff(1, 2, 3, samples)));
  ASSERT_EQ(tiff.pixels.size(), samples.size());
  for (size_t i = 0; i < samples.size(); ++i) EXPECT_EQ(tiff.pixels[i], samples[i] >> 8);
}

TEST(ImageCodec, AlphaIsDropped) {
  const Image rgba = random_image(4, 6, 4, 3);
  std::vector<uint16_t> wide;
  for (const uint8_t value : rgba.pixels) wide.push_back(static_cast<uint16_t>(value << 8 | 0xff));
  for (const std::string& bytes :
       {encode_png_as(rgba, PNG_FORMAT_RGBA), encode_tiff(rgba), encode_tiff(4, 6, 4, wide)}) {
    const Image decoded = decode_image(as_bytes(bytes));
    ASSERT_EQ(decoded.channels, 3);
    for (size_t i = 0; i < 24; ++i)
      for (size_t c = 0; c < 3; ++c) EXPECT_EQ(decoded.pixels[3 * i + c], rgba.pixels[4 * i + c]);
  }
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
  for (const std::string& whole : encode_every_kind(image)) {
    // libpng needs nothing of the trailing 12-byte IEND chunk; libjpeg stands in for the last marker; a TIFF
    // ends in tags and a WebP in padding that may be missing.
    const size_t needed = whole.size() - (whole[0] == '\x89' ? 12 : 2);
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
  for (const std::string& whole : encode_every_kind(image)) {
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
  for (const std::string& bytes : encode_every_kind(flat_image(9, 9, 0, 0, 0)))
    EXPECT_ERROR(decode_image(as_bytes(bytes), {.max_pixels = 80}), kResourceExhausted, "at most");
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
