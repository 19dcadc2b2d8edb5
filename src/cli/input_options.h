// The options that say what an engine is fed.
#pragma once

#include "cli/arguments.h"
#include "cli/inputs.h"

namespace twofour::cli {

/// --shapes and its like.
Argument add_shapes(CLI::App& app, const std::string& flag, Shapes& shapes,
                    const std::string& description = "Sizes of open dimensions: input:1x3x224x224,...");
/// --loadInputs.
Argument add_load_inputs(CLI::App& app, InputFiles& files);

}  // namespace twofour::cli
