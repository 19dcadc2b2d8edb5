// What a model file says about itself, read without understanding its operators.
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <vector>

namespace twofour::onnx_io {

struct Outline {
  std::vector<std::string> inputs;  // in order, without initializers
  bool only_tensors = true;         // no sequence, map or optional among inputs and outputs
  std::set<std::string> operators;  // of all graphs, subgraphs included; "domain::Op" outside the default one
};

/// Throws Error{kNotFound, kIo, kDataCorrupt} naming the file.
Outline read_outline(const std::filesystem::path& path);

}  // namespace twofour::onnx_io
