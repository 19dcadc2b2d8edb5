// The order of numbers that sorting ops share.
#pragma once

#include <type_traits>

namespace twofour::ops {

/// a < b with NaN after every number, which makes it a strict weak order, as numpy sorts.
template <typename T>
bool before(T a, T b) {
  if constexpr (std::is_floating_point_v<T>)
    if (b != b) return a == a;
  return a < b;
}

}  // namespace twofour::ops
