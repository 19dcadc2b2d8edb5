// Writing log lines.
#pragma once

#include <fmt/format.h>

#include <utility>

#include "twofour/log.h"

namespace twofour {

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
