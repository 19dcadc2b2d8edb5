// Rounding up.
#pragma once

#include <cstddef>
#include <cstdint>

namespace twofour {

/// a / b, rounded up; a >= 0, b > 0.
constexpr int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

/// The smallest multiple of `unit` (> 0) that is at least `bytes`.
constexpr size_t round_up(size_t bytes, size_t unit) { return (bytes + unit - 1) / unit * unit; }

}  // namespace twofour
