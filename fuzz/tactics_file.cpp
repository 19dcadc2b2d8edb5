// Tactics files from outside give an Error or decisions that a build survives.
#include "builder/tactics_file.h"

#include "backend/reference_tactic.h"
#include "base/error.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const twofour::backend::ReferenceBackend device;
  try {
    const auto decisions =
        twofour::builder::parse_tactics({reinterpret_cast<const char*>(data), size}, "fuzz", device);
    for (const auto* choice : decisions.find("Relu{} f32[4] -> f32[4]"))
      if (choice->format != "nchw" && choice->format != "nhwc") __builtin_trap();
  } catch (const twofour::Error& error) {
    if (error.code() == twofour::ErrorCode::kInternal) throw;
  }
  return 0;
}
