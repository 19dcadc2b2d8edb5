// ONNX file -> Graph. Opsets 6 to 27 become the one canonical meaning that all of twofour works on: the
// newest form of each operator.
//
// Functions of the model are inlined, sequences and optionals resolved (onnx/sequence_ops.h). Of repeated
// definitions the last counts (onnx/tidy.h).
//
// Kept: names of values and nodes, as UTF-8 (onnx/utf8.h; unnamed nodes get "<op>_<number>", those of a
// function begin with the name of the call), symbolic dims, the order of inputs and outputs, metadata_props,
// and as metadata "onnx.opset", "onnx.ir_version", "onnx.producer", "onnx.domain", "onnx.doc" and
// "onnx.graph_doc". Constants are trainable as onnx/trainable.h says. Every value has its inferred type.
//
// Throws Error{kNotFound, kIo} for the file itself, kDataCorrupt when it is damaged or contradicts itself,
// kUnsupported for what ONNX allows and twofour does not do (all unknown operators in one text),
// kInvalidArgument for operators whose inputs do not fit, kResourceExhausted for absurd sizes. The text names
// file and node. Nothing is allocated that the size of the file does not back, sparse initializers (up to 1
// GiB) excepted. External data is mapped, not read; only files below the model's folder are.
#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <span>
#include <string_view>

#include "ir/graph.h"

namespace twofour::onnx_io {

struct ImportOptions {
  /// Inputs whose values are known: they become constants, in place of an initializer of that name. Shapes
  /// and axes that a model takes as inputs must be known for its sizes to be.
  std::map<std::string, Tensor> known_inputs;
  /// Sizes of inputs; -1 stays as the file has it. What the sizes decide is decided when the file is read:
  /// ranks, branches, the lengths of sequences.
  std::map<std::string, Shape> shapes = {};
  /// Initializers that the file lists as inputs, too, and that are to be inputs. The others are constants.
  std::set<std::string> kept_inputs = {};
  /// Where external data lies; import_model takes the file's own folder.
  std::filesystem::path folder = {};
};

Graph import_model(const std::filesystem::path& path, const ImportOptions& options = {});
/// `name` stands for the file in error texts.
Graph import_model_bytes(std::span<const std::byte> bytes, std::string_view name,
                         const ImportOptions& options = {});

}  // namespace twofour::onnx_io
