#include "base/log.h"

#include <mutex>

namespace twofour {
namespace {

struct State {
  std::mutex mutex;
  LogSink sink;
};
State& state() {
  static State instance;
  return instance;
}

}  // namespace

void set_log_sink(LogSink sink) {
  const std::lock_guard lock(state().mutex);
  state().sink = std::move(sink);
}

void log_line(LogLevel level, std::string_view line) {
  const std::lock_guard lock(state().mutex);
  if (state().sink) state().sink(level, line);
}

}  // namespace twofour
