// Lines of `twofour exec` as trtexec writes them: "[11/22/2026-17:00:00] [I] text" on stdout; those of the
// library carry "[TRT] ".
#pragma once

#include <cstddef>
#include <string_view>

namespace twofour::cli {

/// From now on the library's log lines are printed in that form; verbose ones when `verbose`.
void log_as_trtexec(bool verbose);

/// The unit of sizes in these lines.
inline double mib(size_t bytes) { return static_cast<double>(bytes) / (1 << 20); }

void info(std::string_view line);
void warn(std::string_view line);
/// Only when log_as_trtexec(true).
void verbose(std::string_view line);
/// Several lines, each with its prefix.
void info_lines(std::string_view lines);
void verbose_lines(std::string_view lines);

}  // namespace twofour::cli
