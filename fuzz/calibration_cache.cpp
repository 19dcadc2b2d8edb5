// Calibration files from outside give an Error or magnitudes that are written and read back as they are.
#include "quant/calibration_cache.h"

#include <algorithm>

#include "base/error.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace twofour::quant;
  try {
    const Magnitudes magnitudes = parse_calibration({reinterpret_cast<const char*>(data), size}, "fuzz");
    twofour::TensorRanges ranges;
    for (const auto& [name, magnitude] : magnitudes) ranges[name] = {-magnitude, magnitude, 0};
    const Magnitudes again = parse_calibration(calibration_text(ranges), "written");
    if (!std::ranges::equal(magnitudes, again, {}, &Magnitudes::value_type::first,
                            &Magnitudes::value_type::first))
      __builtin_trap();
  } catch (const twofour::Error& error) {
    if (error.code() == twofour::ErrorCode::kInternal) throw;
  }
  return 0;
}
