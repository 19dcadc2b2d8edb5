// What a model file says about itself, read without understanding its operators.
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "ir/type.h"

namespace twofour::onnx_io {

struct Outline {
  enum class Kind : uint8_t { kTensor, kSequence, kOptionalTensor, kOptionalSequence, kOther };
  struct Port {
    std::string name;
    Kind kind;
    ValueType type;  // of an input that is a tensor; unknown otherwise
  };
  std::vector<Port> inputs;  // in order, without initializers
  std::vector<Port> outputs;
  std::set<std::string> operators;  // of all graphs, subgraphs included; "domain::Op" outside the default one
};

/// Throws Error{kNotFound, kIo, kDataCorrupt} naming the file.
Outline read_outline(const std::filesystem::path& path);

}  // namespace twofour::onnx_io
