// idx files from outside, plain or gzipped, parse or give an Error that says why.
#include "data/idx.h"

#include "base/error.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    const auto array = twofour::data::parse_idx(std::as_bytes(std::span(data, size)), "fuzz");
    if (static_cast<size_t>(array.shape.numel()) != array.values.size()) __builtin_trap();
  } catch (const twofour::Error& error) {
    if (error.code() == twofour::ErrorCode::kInternal) throw;
  }
  return 0;
}
