// .npy files from outside parse or give an Error that says why, and never ask for more memory than the file
// has.
#include "twofour/npy.h"

#include "twofour/error.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    const auto tensor = twofour::parse_npy(std::as_bytes(std::span(data, size)), "fuzz");
    if (tensor.size_bytes() > size) __builtin_trap();
  } catch (const twofour::Error& error) {
    if (error.code() == twofour::ErrorCode::kInternal) throw;
  }
  return 0;
}
