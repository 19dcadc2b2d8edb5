// What `twofour quantize` shows.
#pragma once

#include <string>

#include "cli/table.h"
#include "twofour/quantize_options.h"

namespace twofour::cli {

/// One row for each layer.
Table quantize_table(const QuantizeReport& report);
/// How much is quantised, the outputs' signal-to-noise ratio, and what the accuracy was: one line each.
std::string quantize_summary(const QuantizeReport& report);

}  // namespace twofour::cli
