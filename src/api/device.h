// The one place that wires devices in.
#pragma once

#include "backend/tactic.h"

namespace twofour::api {

/// The device that engines are built for and run on: this machine's CPU. Lives as long as the process.
const backend::Backend& device();

}  // namespace twofour::api
