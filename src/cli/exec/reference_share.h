// How much of an engine's time goes to reference kernels, by the times of its build.
#pragma once

#include <string>

#include "twofour/build_report.h"

namespace twofour::cli {

/// "37 % of the time goes to reference kernels, which are slow: GRU, Det"; the slowest operator first. Empty
/// when it is a tenth or less, or when nothing was timed.
std::string reference_share_text(const BuildReport& report);

}  // namespace twofour::cli
