// What an engine is fed when it is timed: random values, or files.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "twofour/engine.h"
#include "twofour/error.h"

namespace twofour::cli {

using Inputs = std::map<std::string, Tensor>;

inline constexpr uint32_t kInputSeed = 24;

/// The engine's inputs with the shapes that they will have: of open ones those of `shapes`, else the smallest
/// that are allowed. Throws Error{kInvalidArgument} naming input, what came and what is allowed.
std::vector<TensorInfo> shaped_inputs(const Engine& engine, const std::map<std::string, Shape>& shapes);

struct InputChoice {
  std::map<std::string, Shape> shapes;       // as shaped_inputs() takes them
  std::map<std::string, std::string> files;  // raw little-endian values (numpy's tofile) by input
  uint32_t seed = kInputSeed;                // of Engine::random_inputs() for the others
};
/// Throws Error naming input and file when a name is unknown or a size does not fit.
Inputs load_inputs(const Engine& engine, const InputChoice& choice);

/// What an error of a run adds: which inputs have no file and held random values. Empty when all have.
std::string random_inputs_note(const Inputs& inputs, const std::map<std::string, std::string>& files);
/// Runs `body`; an Error that leaves it gains the note.
template <typename Body>
decltype(auto) run_with_note(const std::string& note, Body&& body) {
  try {
    return body();
  } catch (const Error& error) {
    throw Error(error.code(), error.what() + note);
  }
}

}  // namespace twofour::cli
