// Support: yes, or one catalogued reason with a detail. The expected way to decline; never an exception. A
// yes may have a detail too: what is not as usual.
#pragma once

#include <string>
#include <string_view>

namespace twofour::backend {

enum class Reason : uint8_t {
  kNone,
#define TWOFOUR_REASON(id, text) id,
#include "backend/reasons.inc"
#undef TWOFOUR_REASON
};
std::string_view reason_text(Reason reason);

struct Support {
  Reason reason = Reason::kNone;
  std::string detail;

  explicit operator bool() const { return reason == Reason::kNone; }
  /// "the weight is not 2:4 sparse (row 3, block 17)"; "supported" for yes, with its detail.
  std::string to_string() const;
};
inline Support supported() { return {}; }
inline Support declined(Reason reason, std::string detail = {}) { return {reason, std::move(detail)}; }

}  // namespace twofour::backend
