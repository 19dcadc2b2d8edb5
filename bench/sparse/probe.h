// What bounds every kernel, measured in the same rounds: multiply-adds in registers and reads of memory.
#pragma once

#include "sparse/candidate.h"

namespace twofour::bench {

/// Floating-point operations that one run of fma_candidate() does with the threads in force.
double fma_flops();
/// Independent vector multiply-adds, as wide as max_isa() allows; nothing is loaded or stored.
Candidate fma_candidate();

/// Bytes that one run of read_candidate() reads.
double read_bytes();
/// Each thread reads its part of an array that no cache holds.
Candidate read_candidate();

}  // namespace twofour::bench
