// Log lines go to a sink that the application sets; without one they are dropped. The library never prints.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

namespace twofour {

enum class LogLevel : uint8_t { kVerbose, kInfo, kWarning, kError };
using LogSink = std::function<void(LogLevel, std::string_view)>;

/// Replaces the sink; thread-safe. An empty function drops all lines.
void set_log_sink(LogSink sink);
}  // namespace twofour
