// The tables of a built engine: what was chosen for every layer, and against what.
#pragma once

#include "cli/table.h"
#include "twofour/build_report.h"

namespace twofour::cli {

/// layer, op, precision, sparse time, dense time, winner, format, verdict. Times in microseconds, "-" where
/// none was taken.
Table layer_table(const BuildReport& report);

/// Every tactic that was considered: layer, tactic, format, time, and why it was not taken.
Table candidate_table(const BuildReport& report);

}  // namespace twofour::cli
