#include "base/parallel.h"

#include <sched.h>

#include <array>
#include <cmath>
#include <cstdlib>

#include "base/cpu_quota.h"

namespace twofour {
namespace {

/// The cores that place_workers() gave out, the first to the calling thread.
thread_local cpu_set_t placed_on{};

/// The core at `index` of `cores`, alone.
cpu_set_t only(const cpu_set_t& cores, int index) {
  cpu_set_t result;
  CPU_ZERO(&result);
  int core = 0;
  while (!CPU_ISSET(core, &cores) || index-- > 0) ++core;
  CPU_SET(core, &result);
  return result;
}

}  // namespace

int num_cores() {
  static const double quota = cpu_quota();
  return static_cast<int>(std::min<double>(omp_get_num_procs(), std::ceil(quota)));
}

void limit_threads() {
  if (!std::getenv("OMP_NUM_THREADS")) set_max_threads(std::min(max_threads(), num_cores()));
}

void place_workers() {
  static const bool user_places =
      std::ranges::any_of(std::array{"OMP_PROC_BIND", "OMP_PLACES", "GOMP_CPU_AFFINITY"},
                          [](const char* name) { return std::getenv(name); });
  cpu_set_t cores;
  CPU_ZERO(&cores);
  if (user_places || omp_in_parallel() || sched_getaffinity(0, sizeof cores, &cores) != 0) return;
  const bool fills = max_threads() > 1 && max_threads() == CPU_COUNT(&cores);
  if (!fills && CPU_COUNT(&placed_on) == 0) return;
  const cpu_set_t all = fills ? cores : placed_on;
  CPU_ZERO(&placed_on);
  if (fills) placed_on = cores;
#pragma omp parallel
  if (const int worker = omp_get_thread_num(); worker > 0) {
    const cpu_set_t own = fills ? only(all, worker) : all;
    sched_setaffinity(0, sizeof own, &own);
  }
}

void leave_workers_cores() {
  if (CPU_COUNT(&placed_on) == 0) return;
  const cpu_set_t home = only(placed_on, 0);
  if (CPU_ISSET(sched_getcpu(), &home)) return;
  cpu_set_t cores;
  if (sched_getaffinity(0, sizeof cores, &cores) != 0 || !CPU_EQUAL(&cores, &placed_on)) return;
  sched_setaffinity(0, sizeof home, &home);
  sched_setaffinity(0, sizeof cores, &cores);
}

void unbind_thread() {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  std::vector<int> place;
  for (int i = 0; i < omp_get_num_places(); ++i) {
    place.resize(static_cast<size_t>(omp_get_place_num_procs(i)));
    omp_get_place_proc_ids(i, place.data());
    for (const int core : place)
      if (core < CPU_SETSIZE) CPU_SET(core, &cores);
  }
  if (CPU_COUNT(&cores) > 0) sched_setaffinity(0, sizeof cores, &cores);
}

}  // namespace twofour
