#include "api/device.h"

#include "base/error.h"
#include "base/parallel.h"
#include "cpu/backend.h"
#include "twofour/engine.h"

namespace twofour {

const backend::Backend& api::device() {
  static const cpu::CpuBackend backend = [] {
    use_all_cores();
    return cpu::CpuBackend();
  }();
  return backend;
}

std::string device_name() { return api::device().device(); }

int set_threads(int threads) {
  TWOFOUR_CHECK(threads >= 0 && threads <= kMaxThreads, kInvalidArgument,
                "{} threads: 1 to {} are expected, or 0 for the number in force", threads, kMaxThreads);
  api::device();  // its first use sets the number, too
  if (threads > 0) set_max_threads(threads);
  return max_threads();
}

}  // namespace twofour
