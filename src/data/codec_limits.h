// What every image decoder checks before it allocates.
#pragma once

#include <string_view>

#include "data/image_codec.h"

namespace twofour::data {

/// Throws Error{kDataCorrupt} on an empty image and Error{kResourceExhausted} on one beyond `limits`.
void check_image_size(std::string_view format, int64_t height, int64_t width, const DecodeLimits& limits);

}  // namespace twofour::data
