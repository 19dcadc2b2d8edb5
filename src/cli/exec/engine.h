// The engine that `twofour exec` runs: built from a model, or loaded.
#pragma once

#include "cli/exec/options.h"

namespace twofour::cli {

struct ReadyEngine {
  Engine engine;
  Shapes shapes;  // that it runs at
};

/// Says what it does in trtexec's lines. What --shapes, --loadInputs and the formats ask for is checked
/// against the model before a build. Throws Error when the flags contradict each other, the model or the
/// engine.
ReadyEngine build_or_load(const ExecOptions& options);

/// Of an engine with open inputs the one for the shapes that it runs at.
Engine at_run_shapes(const ReadyEngine& ready);

/// --timeDeserialize: loads --loadEngine several times and prints how long that takes.
void time_loading(const ExecOptions& options);

}  // namespace twofour::cli
