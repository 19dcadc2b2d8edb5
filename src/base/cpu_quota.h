// The CPU time that control groups grant this process (containers, systemd slices).
#pragma once

#include <filesystem>

namespace twofour {

/// Cores' worth of CPU time, for example 1.5, or infinity without a limit: the least of the process's group
/// and of all that contain it. Reads <root>/proc/self/cgroup and, below <root>/sys/fs/cgroup, version 2
/// (cpu.max) and version 1 (cpu.cfs_quota_us); what is missing or unreadable is no limit. Source: Linux,
/// Documentation/admin-guide/cgroup-v2.rst and scheduler/sched-bwc.rst.
double cpu_quota(const std::filesystem::path& root = "/");

}  // namespace twofour
