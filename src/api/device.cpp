#include "api/device.h"

#include <chrono>
#include <utility>

#include "base/error.h"
#include "base/parallel.h"
#include "cpu/backend.h"
#include "twofour/engine.h"

namespace twofour {
namespace {

void limit_once() {
  thread_local bool limited = false;
  if (!std::exchange(limited, true)) limit_threads();
}

}  // namespace

void api::settle_threads() {
  using Clock = std::chrono::steady_clock;
  thread_local Clock::time_point placed{};
  limit_once();
  const Clock::time_point now = Clock::now();
  if (now - placed >= std::chrono::seconds(1)) {
    placed = now;
    place_workers();
  }
  leave_workers_cores();
}

const backend::Backend& api::device() {
  settle_threads();
  static const cpu::CpuBackend backend;
  return backend;
}

std::string device_name() { return api::device().device(); }

int set_threads(int threads) {
  TWOFOUR_CHECK(threads >= 0 && threads <= kMaxThreads, kInvalidArgument,
                "{} threads: 1 to {} are expected, or 0 for the number in force", threads, kMaxThreads);
  limit_once();
  if (threads > 0) {
    set_max_threads(threads);
    place_workers();
  }
  return max_threads();
}

}  // namespace twofour
