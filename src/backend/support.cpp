#include "backend/support.h"

namespace twofour::backend {

std::string_view reason_text(Reason reason) {
  switch (reason) {
    case Reason::kNone: return "supported";
#define TWOFOUR_REASON(id, text) \
  case Reason::id:               \
    return text;
#include "backend/reasons.inc"
#undef TWOFOUR_REASON
  }
  return "unknown";
}

std::string Support::to_string() const {
  std::string text(reason_text(reason));
  if (!detail.empty()) text += " (" + detail + ")";
  return text;
}

}  // namespace twofour::backend
