// The files and listings of trtexec: times and layers.
#pragma once

#include <string>

#include "cli/exec/options.h"
#include "cli/exec/streams.h"

namespace twofour::cli {

/// One object per query: start/endEnqMs, start/endH2dMs, start/endComputeMs, start/endD2hMs, h2dMs,
/// computeMs, d2hMs, latencyMs.
std::string times_json(const Trace& trace);

/// The engine inspector's {"Layers": [...], "Bindings": [...]}; layers are names, or objects with
/// Verbosity::kDetailed, or left out with kNone.
std::string layers_json(const Engine& engine, Verbosity verbosity);
std::string layers_text(const Engine& engine, Verbosity verbosity);

}  // namespace twofour::cli
