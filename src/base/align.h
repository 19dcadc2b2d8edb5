// Rounding sizes up.
#pragma once

#include <cstddef>

namespace twofour {

/// The smallest multiple of `unit` (> 0) that is at least `bytes`.
constexpr size_t round_up(size_t bytes, size_t unit) { return (bytes + unit - 1) / unit * unit; }

}  // namespace twofour
