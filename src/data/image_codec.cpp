#include "data/image_codec.h"

#include <array>
#include <cstring>

#include "base/error.h"
#include "data/codec_limits.h"

namespace twofour::data {
namespace {

bool starts_with(std::span<const std::byte> bytes, std::string_view magic) {
  return bytes.size() >= magic.size() && std::memcmp(bytes.data(), magic.data(), magic.size()) == 0;
}

struct Codec {
  std::string_view magic;
  Image (*decode)(std::span<const std::byte>, const DecodeLimits&);
};
constexpr std::array<Codec, 8> kCodecs = {{
    {"\xff\xd8", decode_jpeg},
    {"\x89PNG", decode_png},
    {"RIFF", decode_webp},
    {{"II*\0", 4}, decode_tiff},
    {{"MM\0*", 4}, decode_tiff},
    {{"II+\0", 4}, decode_tiff},
    {{"MM\0+", 4}, decode_tiff},
    {"BM", decode_bmp},
}};

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
  for (const Codec& codec : kCodecs)
    if (starts_with(bytes, codec.magic)) return codec.decode(bytes, limits);
  fail(ErrorCode::kUnsupported, "neither JPEG, PNG, WebP, TIFF nor BMP: the first byte is 0x{:02x}",
       static_cast<unsigned>(bytes[0]));
}

}  // namespace twofour::data
