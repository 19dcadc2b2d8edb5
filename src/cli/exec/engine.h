// The engine that `twofour exec` runs: built from a model, or loaded.
#pragma once

#include "cli/exec/options.h"

namespace twofour::cli {

/// Says what it does in trtexec's lines. Throws Error when the flags contradict each other or the engine.
Engine build_or_load(const ExecOptions& options);

/// Of an engine with open inputs the one for the shapes that --shapes, or --optShapes of a build, ask for.
Engine at_run_shapes(const ExecOptions& options, const Engine& engine);

/// --timeDeserialize: loads --loadEngine several times and prints how long that takes.
void time_loading(const ExecOptions& options);

}  // namespace twofour::cli
