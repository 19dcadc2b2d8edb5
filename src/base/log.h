// Log lines go to a sink that the application sets; without one they are dropped. The library never prints.
#pragma once

#include <fmt/format.h>

#include <functional>
#include <string_view>

namespace twofour {

enum class LogLevel : uint8_t { kVerbose, kInfo, kWarning, kError };
using LogSink = std::function<void(LogLevel, std::string_view)>;

/// Replaces the sink; thread-safe. An empty function drops all lines.
void set_log_sink(LogSink sink);
void log_line(LogLevel level, std::string_view line);

template <typename... Args>
void log_info(fmt::format_string<Args...> format, Args&&... args) {
  log_line(LogLevel::kInfo, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void log_warning(fmt::format_string<Args...> format, Args&&... args) {
  log_line(LogLevel::kWarning, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void log_verbose(fmt::format_string<Args...> format, Args&&... args) {
  log_line(LogLevel::kVerbose, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace twofour
