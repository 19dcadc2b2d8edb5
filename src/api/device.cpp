#include "api/device.h"

#include "base/parallel.h"
#include "cpu/backend.h"
#include "twofour/engine.h"

namespace twofour {

const backend::Backend& api::device() {
  static const cpu::CpuBackend backend;
  return backend;
}

std::string device_name() { return api::device().device(); }

int set_threads(int threads) {
  if (threads > 0) set_max_threads(threads);
  return max_threads();
}

}  // namespace twofour
