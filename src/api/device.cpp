#include "api/device.h"

#include <utility>

#include "base/error.h"
#include "base/parallel.h"
#include "cpu/backend.h"
#include "twofour/engine.h"

namespace twofour {

void api::settle_threads() {
  thread_local bool settled = false;
  if (!std::exchange(settled, true)) limit_threads();
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
  api::settle_threads();
  if (threads > 0) set_max_threads(threads);
  return max_threads();
}

}  // namespace twofour
