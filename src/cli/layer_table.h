// The tables of a built engine: what was chosen for every layer, and where the time goes.
#pragma once

#include "cli/table.h"
#include "twofour/build_report.h"

namespace twofour::cli {

/// layer, op, sparse time, dense time, winner, format, verdict. Times in microseconds, "-" where none was
/// taken.
Table layer_table(const BuildReport& report);

/// trtexec's profile: total and average time per layer over `runs` runs, and its share.
std::string profile_text(const std::vector<std::string>& layers, const std::vector<double>& total_us,
                         int runs);

}  // namespace twofour::cli
