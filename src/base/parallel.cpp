#include "base/parallel.h"

#include <sched.h>

#include <cmath>
#include <cstdlib>

#include "base/cpu_quota.h"

namespace twofour {

int num_cores() {
  static const double quota = cpu_quota();
  return static_cast<int>(std::min<double>(omp_get_num_procs(), std::ceil(quota)));
}

void limit_threads() {
  if (!std::getenv("OMP_NUM_THREADS")) set_max_threads(std::min(max_threads(), num_cores()));
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
