// Whether this process may run machine code that it generates. Policies that keep memory from becoming
// executable (SELinux's execmem, systemd's MemoryDenyWriteExecute, PR_SET_MDWE) forbid it.
#pragma once

#include "backend/support.h"

namespace twofour::cpu {

/// Yes, or Reason::kNoGeneratedCode; tried once, at the first call.
const backend::Support& generated_code_ok();

}  // namespace twofour::cpu
