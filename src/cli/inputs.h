// What an engine is fed when it is timed: random values, or files.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "twofour/engine.h"
#include "twofour/error.h"

namespace twofour::cli {

using Inputs = std::map<std::string, Tensor>;
using Shapes = std::map<std::string, Shape>;
using InputFiles = std::map<std::string, std::string>;

inline constexpr uint32_t kInputSeed = 24;

std::vector<std::string> names_of(const std::vector<TensorInfo>& inputs);

/// `inputs`, of a model or an engine, with the shapes that they will have: of open ones those of `shapes`,
/// else the smallest that are allowed. Throws Error{kInvalidArgument} naming input, what came and what is
/// allowed; for a name that is unknown with the one that was probably meant, and where sizes of the same name
/// differ.
std::vector<TensorInfo> shaped_inputs(std::vector<TensorInfo> inputs, const Shapes& shapes);

/// Throws Error{kInvalidArgument} when `name` is none of `inputs` and close to one: it was probably meant.
void check_spelling(const std::vector<TensorInfo>& inputs, const std::string& name);

/// `given`, and a shape for every other of `inputs` that is open: its sizes are those that dimensions of the
/// same name have in `given`, else 1. One whose number of dimensions is not known is left out.
Shapes with_default_shapes(const std::vector<TensorInfo>& inputs, const Shapes& given);

/// `files` by input: raw little-endian values as numpy's tofile writes them, or .npy. Throws Error naming
/// input and file when a name is unknown, or type, shape or size do not fit `inputs`, which have no open
/// sizes. Reads no values.
void check_input_files(const std::vector<TensorInfo>& inputs, const InputFiles& files);

/// The values of `files`, which check_input_files() takes, and Engine::random_inputs() for the other inputs.
/// Throws as check_input_files() does.
Inputs load_inputs(const Engine& engine, const InputFiles& files, uint32_t seed = kInputSeed);

/// What an error of a run adds: which inputs have no file and held random values. Empty when all have.
std::string random_inputs_note(const Inputs& inputs, const InputFiles& files);
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
