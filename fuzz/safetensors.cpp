// Checkpoint bytes from outside parse or give Error{kDataCorrupt}, and never ask for more memory than the
// file has.
#include "train/safetensors.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    twofour::train::parse_safetensors(std::as_bytes(std::span(data, size)), "fuzz");
  } catch (const twofour::Error& error) {
    if (error.code() != twofour::ErrorCode::kDataCorrupt) throw;
  }
  return 0;
}
