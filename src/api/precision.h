// The precisions that an engine may be built in.
#pragma once

#include "builder/precision_trial.h"
#include "twofour/engine.h"

namespace twofour::api {

/// The model as it is, and the forms of it that options.precision asks for and this machine can run. Throws
/// as build_engine() does about them.
builder::Precisions precisions_of(const Model& model, const BuildOptions& options);

}  // namespace twofour::api
