// The order of numbers that sorting and selecting ops share.
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

/// Whether a maximum takes a instead of b: it is the greater, or a NaN and b is none. Always inlined, so that
/// kernels vectorise it for the instruction set of the caller.
struct Above {
  template <typename T>
  [[gnu::always_inline]] bool operator()(T a, T b) const {
    return b == b && (a > b || a != a);
  }
};
/// The same for a minimum.
struct Below {
  template <typename T>
  [[gnu::always_inline]] bool operator()(T a, T b) const {
    return b == b && (a < b || a != a);
  }
};

}  // namespace twofour::ops
