// ONNX files from outside give an Error or a sound graph. What such a graph exports to imports and exports
// the same.
#include <optional>

#include "base/error.h"
#include "ir/verify.h"
#include "onnx/export.h"
#include "onnx/import.h"

using namespace twofour;

namespace {

/// Nullopt for an Error that is not our bug; on the first file anything outside may cause is fine.
template <typename Fn>
auto attempt(const Fn& fn) -> std::optional<decltype(fn())> {
  try {
    return fn();
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kInternal) throw;
    return std::nullopt;
  }
}

Graph import_text(std::string_view bytes) {
  return onnx_io::import_model_bytes(std::as_bytes(std::span(bytes)), "fuzz");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto graph = attempt([&] { return import_text({reinterpret_cast<const char*>(data), size}); });
  if (!graph) return 0;
  verify(*graph);
  const auto bytes = attempt([&] { return onnx_io::export_model_bytes(*graph); });
  if (!bytes) return 0;
  TWOFOUR_ASSERT(onnx_io::export_model_bytes(import_text(*bytes)) == *bytes, "the round trip is not stable");
  return 0;
}
