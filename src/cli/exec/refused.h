// trtexec's flags that twofour knows but does not act on: those without meaning on a CPU are accepted with a
// note, those whose promise it could not keep are refused.
#pragma once

#include <span>

namespace twofour::cli {

struct KnownFlag {
  const char* name;
  bool takes_value;
  const char* reason;
};

/// "--useCudaGraph has no effect: <reason>".
std::span<const KnownFlag> flags_without_effect();
/// "--refit is not supported: <reason>".
std::span<const KnownFlag> refused_flags();

}  // namespace twofour::cli
