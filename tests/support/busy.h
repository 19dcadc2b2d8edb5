// Kernels of tests that take their time.
#pragma once

#include <chrono>

namespace twofour::testing {

/// Computes for so long at least.
inline void stay_busy(std::chrono::milliseconds time) {
  const auto end = std::chrono::steady_clock::now() + time;
  while (std::chrono::steady_clock::now() < end) continue;
}

}  // namespace twofour::testing
