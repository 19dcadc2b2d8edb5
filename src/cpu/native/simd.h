// Plain loops compiled for each instruction set level. run_simd(fn) calls the copy of `fn` for max_isa(), so
// that TWOFOUR_MAX_ISA forces every level. `fn` is a lambda marked TWOFOUR_INLINE; what it calls must be
// inlined into it. Passed by value, and best capturing by value: stores through a captured pointer then
// cannot change what was captured.
#pragma once

#include "base/cpu.h"

#define TWOFOUR_INLINE __attribute__((always_inline))

namespace twofour::cpu {

template <typename Fn>
[[gnu::target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,f16c")]] void run_avx512(Fn fn) {
  fn();
}
template <typename Fn>
[[gnu::target("avx2,fma,f16c")]] void run_avx2(Fn fn) {
  fn();
}

template <typename Fn>
void run_simd(const Fn& fn) {
  switch (max_isa()) {
    case Isa::kAmx:
    case Isa::kAvx512: return run_avx512(fn);
    case Isa::kAvx2: return run_avx2(fn);
    case Isa::kScalar: return fn();
  }
}

}  // namespace twofour::cpu
