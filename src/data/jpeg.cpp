// jpeglib.h needs size_t and FILE, jerror.h needs jpeglib.h.
// clang-format off
#include <cstddef>
#include <cstdio>
#include <jpeglib.h>
#include <jerror.h>
// clang-format on

#include <csetjmp>
#include <string>

#include "base/error.h"
#include "data/codec_limits.h"

namespace twofour::data {
namespace {

// A progressive file may hold thousands of scans of a few bytes, each a pass over the whole image.
constexpr int kMaxScans = 200;

/// The decoder's state. libjpeg reports errors by longjmp to `jump`, so the functions that set it hold no
/// objects with destructors.
struct Jpeg {
  jpeg_decompress_struct info{};
  jpeg_error_mgr errors{};
  jpeg_progress_mgr progress{};
  std::jmp_buf jump{};
  char message[JMSG_LENGTH_MAX] = "";

  Jpeg();
  ~Jpeg() { jpeg_destroy_decompress(&info); }
  Jpeg(const Jpeg&) = delete;
  Jpeg& operator=(const Jpeg&) = delete;
};

[[noreturn]] void on_error(j_common_ptr info) {
  auto* jpeg = static_cast<Jpeg*>(info->client_data);
  jpeg->errors.format_message(info, jpeg->message);
  std::longjmp(jpeg->jump, 1);
}

/// libjpeg fills in grey after these and goes on; here they are errors.
bool means_lost_pixels(int code) {
  return code == JWRN_JPEG_EOF || code == JWRN_HIT_MARKER || code == JWRN_HUFF_BAD_CODE ||
         code == JWRN_MUST_RESYNC || code == JWRN_ARITH_BAD_CODE || code == JWRN_NOT_SEQUENTIAL;
}

void on_message(j_common_ptr info, int level) {
  if (level < 0 && means_lost_pixels(info->err->msg_code)) on_error(info);
}

void on_progress(j_common_ptr info) {
  auto* jpeg = static_cast<Jpeg*>(info->client_data);
  if (jpeg->info.input_scan_number <= kMaxScans) return;
  std::snprintf(jpeg->message, sizeof jpeg->message, "more than %d scans", kMaxScans);
  std::longjmp(jpeg->jump, 1);
}

Jpeg::Jpeg() {
  info.err = jpeg_std_error(&errors);
  info.client_data = this;
  errors.error_exit = on_error;
  errors.emit_message = on_message;
  progress.progress_monitor = on_progress;
}

bool read_header(Jpeg& jpeg, const unsigned char* bytes, size_t size) {
  if (setjmp(jpeg.jump) != 0) return false;
  jpeg_create_decompress(&jpeg.info);
  jpeg.info.progress = &jpeg.progress;
  jpeg_mem_src(&jpeg.info, bytes, size);
  jpeg_read_header(&jpeg.info, TRUE);
  const J_COLOR_SPACE space = jpeg.info.jpeg_color_space;
  jpeg.info.out_color_space = space == JCS_CMYK || space == JCS_YCCK ? JCS_CMYK : JCS_RGB;
  jpeg_calc_output_dimensions(&jpeg.info);
  return true;
}

bool read_pixels(Jpeg& jpeg, unsigned char* dst, size_t row_bytes) {
  if (setjmp(jpeg.jump) != 0) return false;
  jpeg_start_decompress(&jpeg.info);
  while (jpeg.info.output_scanline < jpeg.info.output_height) {
    JSAMPROW row = dst + jpeg.info.output_scanline * row_bytes;
    jpeg_read_scanlines(&jpeg.info, &row, 1);
  }
  jpeg_finish_decompress(&jpeg.info);
  return true;
}

/// `inverted`: Adobe writes CMYK as 255 - ink.
Image rgb_from_cmyk(const Image& cmyk, bool inverted) {
  Image rgb(cmyk.height, cmyk.width, 3);
  const auto light = [&](uint8_t ink) { return inverted ? ink : 255 - ink; };
  for (size_t i = 0; i < cmyk.pixels.size() / 4; ++i) {
    const uint8_t* src = cmyk.pixels.data() + 4 * i;
    for (size_t c = 0; c < 3; ++c)
      rgb.pixels[3 * i + c] = static_cast<uint8_t>((light(src[c]) * light(src[3]) + 127) / 255);
  }
  return rgb;
}

}  // namespace

Image decode_jpeg(std::span<const std::byte> bytes, const DecodeLimits& limits) {
  Jpeg jpeg;
  const auto* data = reinterpret_cast<const unsigned char*>(bytes.data());
  TWOFOUR_CHECK(read_header(jpeg, data, bytes.size()), kDataCorrupt, "JPEG header: {}",
                std::string(jpeg.message));
  check_image_size("JPEG", jpeg.info.output_height, jpeg.info.output_width, limits);
  Image image(jpeg.info.output_height, jpeg.info.output_width, jpeg.info.out_color_components);
  TWOFOUR_CHECK(read_pixels(jpeg, image.pixels.data(), static_cast<size_t>(image.width * image.channels)),
                kDataCorrupt, "JPEG data: {}", std::string(jpeg.message));
  if (image.channels == 4) return rgb_from_cmyk(image, jpeg.info.saw_Adobe_marker);
  return image;
}

}  // namespace twofour::data
