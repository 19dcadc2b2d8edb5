// The one place that wires devices in.
#pragma once

#include "backend/tactic.h"

namespace twofour::api {

/// Gives a thread of the user's program, once, its default number of kernel threads, and these their cores:
/// see set_threads(). Called wherever kernels are about to run.
void settle_threads();

/// The device that engines are built for and run on: this machine's CPU. Lives as long as the process.
const backend::Backend& device();

}  // namespace twofour::api
