// The CPU backend that the tests of a program share.
#pragma once

#include "cpu/backend.h"

namespace twofour {

inline const cpu::CpuBackend& device() {
  static const cpu::CpuBackend backend;
  return backend;
}

}  // namespace twofour
