// The figures of a report: one number for many rows.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "precision.h"

namespace twofour::bench {

/// NaN of nothing.
double geometric_mean(const std::vector<double>& values);
/// Null for NaN.
Json number_or_null(double value);
/// "int8_sparse_geomean": the geometric mean of the time of the best peer at that precision over ours, whose
/// weights are 2:4 or dense.
std::string geomean_name(Precision precision, bool sparse);
/// "name value" on a line for each figure; "-" for null.
std::string figures_text(const Json& figures);

}  // namespace twofour::bench
