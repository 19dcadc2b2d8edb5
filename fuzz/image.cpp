// Image files from outside, of every kind that is read, decode or give an Error that says why.
#include "base/error.h"
#include "data/image_codec.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    const twofour::data::DecodeLimits limits{.max_side = 2048, .max_pixels = 1 << 18};
    const auto image = twofour::data::decode_image(std::as_bytes(std::span(data, size)), limits);
    twofour::data::fit_image(image, 7, 5, 9);
  } catch (const twofour::Error& error) {
    if (error.code() == twofour::ErrorCode::kInternal) throw;
  }
  return 0;
}
