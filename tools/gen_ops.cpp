// Prints docs/ops.md: the table of operators.
#include <cstdio>

#include "ops/document.h"

int main() {
  std::fputs(twofour::ops::ops_markdown().c_str(), stdout);
  return 0;
}
