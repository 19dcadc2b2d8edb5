// What an engine is fed when it is timed: random values, or files.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "twofour/engine.h"

namespace twofour::cli {

using Inputs = std::map<std::string, Tensor>;

inline constexpr uint32_t kInputSeed = 24;

/// The engine's inputs with the shapes that they will have: of open ones those of `shapes`, else the smallest
/// that are allowed. Throws Error{kInvalidArgument} naming input, what came and what is allowed.
std::vector<TensorInfo> shaped_inputs(const Engine& engine, const std::map<std::string, Shape>& shapes);

/// For every input, from the seed: floats in [-1, 1) as trtexec's, integers and bools 0 or 1, so that they
/// may be indices.
Inputs random_inputs(const Engine& engine, uint32_t seed = kInputSeed);

struct InputChoice {
  std::map<std::string, Shape> shapes;       // as shaped_inputs() takes them
  std::map<std::string, std::string> files;  // raw little-endian values (numpy's tofile) by input
  uint32_t seed = kInputSeed;                // of the values of other inputs
};
/// Throws Error naming input and file when a name is unknown or a size does not fit.
Inputs load_inputs(const Engine& engine, const InputChoice& choice);

}  // namespace twofour::cli
