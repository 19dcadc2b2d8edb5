// Python for comparisons with other frameworks: $TWOFOUR_PYTHON, else python3.
#pragma once

#include <cstdlib>
#include <string>

#include "support/run_program.h"

namespace twofour::testing {

inline std::string python() {
  const char* name = std::getenv("TWOFOUR_PYTHON");
  return name ? name : "python3";
}

/// Whether Python can import `modules`: "torch, numpy".
inline bool python_has(const std::string& modules) {
  return run_program(python() + " -c 'import " + modules + "'").status == 0;
}

}  // namespace twofour::testing

/// In a test body: ends the test as skipped when Python cannot import `modules`.
#define TWOFOUR_SKIP_WITHOUT_PYTHON(modules)                                     \
  if (!::twofour::testing::python_has(modules))                                  \
  GTEST_SKIP() << ::twofour::testing::python() << " cannot import " << (modules) \
               << "; TWOFOUR_PYTHON may name one that can"
