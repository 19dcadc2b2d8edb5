// What an engine is fed when it is timed: random values, or files.
#pragma once

#include <map>
#include <string>

#include "twofour/engine.h"

namespace twofour::cli {

using Inputs = std::map<std::string, Tensor>;

/// For every input, from the seed: floats in [-1, 1) as trtexec's, integers and bools 0 or 1, so that
/// they may be indices.
Inputs random_inputs(const Engine& engine, uint32_t seed = 24);

/// `files`: raw little-endian values (numpy's tofile) by input; random values for the other inputs. Throws
/// Error naming input and file when the name is unknown or the size does not fit.
Inputs load_inputs(const Engine& engine, const std::map<std::string, std::string>& files, uint32_t seed = 24);

}  // namespace twofour::cli
