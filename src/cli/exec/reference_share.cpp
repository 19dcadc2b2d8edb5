#include "cli/exec/reference_share.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <vector>

namespace twofour::cli {
namespace {

constexpr double kWorthAWarning = 0.1;

double winner_us(const LayerChoice& layer) {
  for (const TacticTime& c : layer.candidates)
    if (c.tactic == layer.winner && c.format == layer.format) return std::max(c.time_us, 0.0);
  return 0;
}

}  // namespace

std::string reference_share_text(const BuildReport& report) {
  double all_us = 0, reference_us = 0;
  std::map<std::string, double> by_op;
  for (const LayerChoice& layer : report.layers) {
    const double us = winner_us(layer);
    all_us += us;
    if (layer.winner != "reference") continue;
    reference_us += us;
    by_op[layer.op] += us;
  }
  if (reference_us <= kWorthAWarning * all_us) return "";
  std::vector<std::pair<double, std::string>> ops;
  for (const auto& [op, us] : by_op) ops.emplace_back(-us, op);
  std::ranges::sort(ops);
  std::vector<std::string> names;
  for (const auto& [us, op] : ops) names.push_back(op);
  return fmt::format("{:.0f} % of the time goes to reference kernels, which are slow: {}",
                     100 * reference_us / all_us, fmt::join(names, ", "));
}

}  // namespace twofour::cli
