// Floating-point numbers to integers.
#pragma once

#include <limits>

namespace twofour {

/// The next integer towards zero; the nearer end of To's range where To has none, 0 for NaN. A plain cast of
/// such a number is undefined.
template <typename To, typename From>
To truncate(From value) {
  using Limits = std::numeric_limits<To>;
  if (value >= static_cast<From>(Limits::max())) return Limits::max();
  if (value <= static_cast<From>(Limits::min())) return Limits::min();
  return value == value ? static_cast<To>(value) : To{};
}

}  // namespace twofour
