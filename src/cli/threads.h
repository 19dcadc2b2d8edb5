// The threads that kernels use: the option --threads, and how OpenMP's pool waits and where it runs.
#pragma once

#include "cli/arguments.h"

namespace twofour::cli {

/// --threads=1..kMaxThreads into `threads`, for use_threads().
Argument add_threads_option(CLI::App& app, int& threads);

/// set_threads(threads), in a process whose OpenMP pool suits it. GCC's pool reads its environment when the
/// program is loaded, so this starts the program once more, to be called before it does anything, with
///   GOMP_SPINCOUNT: a short spin. The pool otherwise spins for milliseconds at every barrier, which slows a
///     network down a hundredfold where another program keeps a core busy.
///   OMP_PROC_BIND=true, when one engine at a time uses every core: a scheduler may otherwise keep two
///     threads that wait for each other on one core.
/// What the user has set of OMP_WAIT_POLICY, GOMP_SPINCOUNT, OMP_PROC_BIND, OMP_PLACES and GOMP_CPU_AFFINITY
/// stays. Returns the number of threads in force. `contexts`: how many run at once.
int use_threads(int threads, int contexts = 1);

}  // namespace twofour::cli
