// Which CPU this is, where its brand name does not say: vendors sell several generations under one.
#pragma once

#include <string>

namespace twofour {

/// "family 25 model 17" as CPUID and /proc/cpuinfo count them; "unknown model" where there is no CPUID.
std::string cpu_model();

}  // namespace twofour
