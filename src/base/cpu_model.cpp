#include "base/cpu_model.h"

#include <cpuid.h>
#include <fmt/format.h>

namespace twofour {

std::string cpu_model() {
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx)) return "unknown model";
  const auto bits = [eax](int first, int count) { return eax >> first & ((1U << count) - 1); };
  const unsigned base = bits(8, 4);
  const unsigned family = base == 15 ? base + bits(20, 8) : base;
  const unsigned model = bits(4, 4) + (base == 6 || base == 15 ? bits(16, 4) << 4 : 0);
  return fmt::format("family {} model {}", family, model);
}

}  // namespace twofour
