// The one thread pool is OpenMP's, which oneDNN shares.
#pragma once

#include <omp.h>

#include <algorithm>
#include <cstdint>
#include <exception>
#include <vector>

namespace twofour {

/// Cores that this process may use: those of its affinity mask, but no more than its control groups grant
/// time for, rounded up.
int num_cores();
/// Holds the calling thread's parallel loops to num_cores() threads, unless OMP_NUM_THREADS says otherwise.
void limit_threads();
inline int max_threads() { return omp_get_max_threads(); }
inline void set_max_threads(int threads) { omp_set_num_threads(std::max(threads, 1)); }
/// Gives each worker of the calling thread's pool a core of its own where there are as many threads as cores
/// in the affinity mask: a scheduler may otherwise keep two that wait for each other on one core. The calling
/// thread stays free, and so do the threads that it makes. OpenMP ends workers that a smaller team leaves
/// over and makes new ones: call this now and then. Nothing is done where the user has set OMP_PROC_BIND,
/// OMP_PLACES or GOMP_CPU_AFFINITY.
void place_workers();
/// Moves the calling thread to the core that place_workers() left for it, where it then stays free to leave:
/// after a pause it may wake up on the core of a worker, and each would wait for the other.
void leave_workers_cores();
/// Lets the calling thread run on every core of the process. A thread starts on the cores of the one that
/// made it, and OpenMP may have bound that one to a single core (OMP_PROC_BIND): call this first in threads
/// that are not OpenMP's. What place_workers() did stays.
void unbind_thread();

/// fn(begin, end) on disjoint ranges that cover [0, n), at least `grain` items each. fn must not throw.
template <typename Fn>
void parallel_ranges(int64_t n, int64_t grain, Fn&& fn) {
  const int64_t parts = std::clamp<int64_t>(n / std::max<int64_t>(grain, 1), 1, max_threads());
  if (parts == 1 || omp_in_parallel()) {
    if (n > 0) fn(int64_t{0}, n);
    return;
  }
// The whole team even for fewer parts: GCC's pool ends threads that a smaller team leaves over.
#pragma omp parallel for schedule(static, 1)
  for (int64_t part = 0; part < parts; ++part) fn(n * part / parts, n * (part + 1) / parts);
}

/// fn(item) for every item of [0, n), one at a time to whichever thread is free: for few items of unequal
/// cost. Rethrows the exception of the lowest item that threw.
template <typename Fn>
void parallel_each(int64_t n, Fn&& fn) {
  std::vector<std::exception_ptr> errors(static_cast<size_t>(n));
#pragma omp parallel for schedule(dynamic, 1) if (!omp_in_parallel())
  for (int64_t item = 0; item < n; ++item) {
    try {
      fn(item);
    } catch (...) {
      errors[static_cast<size_t>(item)] = std::current_exception();
    }
  }
  for (const std::exception_ptr& error : errors)
    if (error) std::rethrow_exception(error);
}

}  // namespace twofour
