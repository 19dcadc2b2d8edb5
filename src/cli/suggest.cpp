#include "cli/suggest.h"

#include <algorithm>
#include <cctype>

namespace twofour::cli {
namespace {

double replace_cost(char a, char b) {
  if (a == b) return 0;
  const auto lower = [](char c) { return std::tolower(static_cast<unsigned char>(c)); };
  return lower(a) == lower(b) ? 0.5 : 1;
}

}  // namespace

double edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<double>> cost(a.size() + 1, std::vector<double>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); ++i)
    for (size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        cost[i][j] = static_cast<double>(i + j);
        continue;
      }
      cost[i][j] = std::min(
          {cost[i - 1][j] + 1, cost[i][j - 1] + 1, cost[i - 1][j - 1] + replace_cost(a[i - 1], b[j - 1])});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
    }
  return cost[a.size()][b.size()];
}

std::string closest(std::string_view name, const std::vector<std::string>& names) {
  constexpr size_t kLongest = 64;  // nothing that long is a slip
  if (name.size() > kLongest) return {};
  std::string best;
  double least = std::max(2.0, static_cast<double>(name.size()) / 3);
  for (const std::string& candidate : names) {
    constexpr double kAbbreviated = 1.5;
    const bool begins = name.size() > 4 && candidate.starts_with(name);
    const double distance = begins ? kAbbreviated : edit_distance(name, candidate);
    if (distance < least || (distance == least && best.empty())) {
      least = distance;
      best = candidate;
    }
  }
  return best;
}

}  // namespace twofour::cli
