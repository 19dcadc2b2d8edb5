// How long idle kernel threads wait for work before they sleep.
#pragma once

namespace twofour::cli {

/// GCC's OpenMP pool spins for several milliseconds at every barrier, which is fast on idle cores and slows a
/// network down a hundredfold where another program keeps a core busy. The pool reads its environment when
/// the program is loaded, so this starts the program once more with a short spin (GOMP_SPINCOUNT). Does
/// nothing when the user has set GOMP_SPINCOUNT or OMP_WAIT_POLICY; returns when there is nothing to do or
/// the program cannot be started again.
void bound_waiting(char** argv);

}  // namespace twofour::cli
