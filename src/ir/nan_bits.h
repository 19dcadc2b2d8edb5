// NaN has a sign and a payload, which text keeps: "nan" is the usual one, any other is "nan." and its bits in
// hexadecimal.
#pragma once

#include <bit>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "base/half.h"

namespace twofour {

template <size_t bytes>
using UnsignedOf =
    std::conditional_t<bytes == 8, uint64_t, std::conditional_t<bytes == 4, uint32_t, uint16_t>>;

template <typename T>
constexpr UnsignedOf<sizeof(T)> quiet_nan_bits() {
  if constexpr (std::is_same_v<T, f16>) return 0x7e00;
  else if constexpr (std::is_same_v<T, bf16>) return 0x7fc0;
  else return std::bit_cast<UnsignedOf<sizeof(T)>>(std::numeric_limits<T>::quiet_NaN());
}

}  // namespace twofour
