// What `twofour compare` shows.
#pragma once

#include <string>

#include "cli/table.h"
#include "twofour/compare.h"

namespace twofour::cli {

/// One row per layer both sides have, then one per output.
Table compare_table(const CompareReport& report);
/// The first layer outside, the culprit, and how many layers have no counterpart: one line each.
std::string compare_findings(const CompareReport& report);
/// `title` says what was compared with what.
std::string compare_page(const CompareReport& report, const std::string& title);

}  // namespace twofour::cli
