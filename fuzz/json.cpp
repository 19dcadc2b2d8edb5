// JSON text from outside (engine headers, checkpoints, command files) parses or gives Error{kDataCorrupt}.
#include "base/json.h"

#include "base/error.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    twofour::parse_json({reinterpret_cast<const char*>(data), size}, "fuzz");
  } catch (const twofour::Error& error) {
    if (error.code() != twofour::ErrorCode::kDataCorrupt) throw;
  }
  return 0;
}
