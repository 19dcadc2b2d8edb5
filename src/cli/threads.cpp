#include "cli/threads.h"

#include "twofour/engine.h"

namespace twofour::cli {

CLI::Option* add_threads_option(CLI::App& app, int& threads) {
  return app.add_option("--threads", threads, "Threads of the kernels; default: all cores")
      ->check(CLI::Range(1, kMaxThreads));
}

}  // namespace twofour::cli
