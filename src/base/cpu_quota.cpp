#include "base/cpu_quota.h"

#include <algorithm>
#include <fstream>
#include <limits>
#include <optional>
#include <string>

namespace twofour {
namespace {

namespace fs = std::filesystem;

constexpr double kNoLimit = std::numeric_limits<double>::infinity();

std::optional<double> ratio_of(double quota_us, double period_us) {
  return quota_us > 0 && period_us > 0 ? std::optional(quota_us / period_us) : std::nullopt;
}

/// "150000 100000" or "max 100000"; none for the latter.
std::optional<double> read_v2(const fs::path& group) {
  std::ifstream file(group / "cpu.max");
  double quota = 0, period = 0;
  return file >> quota >> period ? ratio_of(quota, period) : std::nullopt;
}

/// The quota is -1 where there is none.
std::optional<double> read_v1(const fs::path& group) {
  std::ifstream quota_file(group / "cpu.cfs_quota_us");
  std::ifstream period_file(group / "cpu.cfs_period_us");
  double quota = 0, period = 0;
  return quota_file >> quota && period_file >> period ? ratio_of(quota, period) : std::nullopt;
}

/// The least limit from `mount`/`group` up to `mount`. In a container the path may be one that only the host
/// sees; the mount itself is then the group.
template <typename Read>
double least_limit(const fs::path& mount, const fs::path& group, const Read& read) {
  double least = kNoLimit;
  for (fs::path at = group.relative_path();; at = at.parent_path()) {
    least = std::min(least, read(mount / at).value_or(kNoLimit));
    if (at.empty()) return least;
  }
}

bool names_cpu(const std::string& controllers) {
  return ("," + controllers + ",").find(",cpu,") != std::string::npos;
}

}  // namespace

double cpu_quota(const fs::path& root) {
  const fs::path mount = root / "sys/fs/cgroup";
  std::ifstream groups(root / "proc/self/cgroup");
  double least = kNoLimit;
  // "hierarchy:controllers:path"; version 2 is hierarchy 0 without controllers.
  for (std::string line; std::getline(groups, line);) {
    const size_t first = line.find(':');
    const size_t second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const fs::path group = line.substr(second + 1);
    if (controllers.empty()) {
      least = std::min(least, least_limit(mount, group, read_v2));
      least = std::min(least, least_limit(mount / "unified", group, read_v2));
    } else if (names_cpu(controllers)) {
      least = std::min(least, least_limit(mount / "cpu", group, read_v1));
      least = std::min(least, least_limit(mount / controllers, group, read_v1));
    }
  }
  return least;
}

}  // namespace twofour
