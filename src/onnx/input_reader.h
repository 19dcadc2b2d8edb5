// The inputs of a model: their types, with the sizes and the data that the caller gives.
#pragma once

#include "ir/graph.h"
#include "onnx/import.h"

namespace onnx {
class GraphProto;
class TypeProto;
class ValueInfoProto;
}  // namespace onnx

namespace twofour::onnx_io {

/// Of a tensor, or of what an optional holds. Throws Error{kUnsupported} for other types.
ValueType read_type(const onnx::TypeProto& proto);
/// A sequence, or an optional one.
bool is_sequence(const onnx::TypeProto& proto);

class InputReader {
 public:
  /// Throws Error{kInvalidArgument} for options that name what is not there.
  InputReader(const ImportOptions& options, const onnx::GraphProto& graph);

  /// Whether the caller has other plans for an initializer that the file lists as an input, too.
  bool replaces(const std::string& initializer) const;
  /// The data that the input stands for; undefined when it stays an input. Throws Error{kInvalidArgument}
  /// when that does not fit.
  Tensor known(const onnx::ValueInfoProto& input) const;
  /// Throws Error{kInvalidArgument} when the caller's sizes do not fit the file's, Error{kUnsupported} for
  /// what is no tensor.
  ValueType type(const onnx::ValueInfoProto& input) const;
  /// The elements of a sequence `s`: inputs `s/0`, `s/1` and so on, as many as the caller gives shapes of.
  struct Element {
    std::string name;
    ValueType type;
  };
  std::vector<Element> elements(const onnx::ValueInfoProto& input) const;

 private:
  const ImportOptions& options_;
};

}  // namespace twofour::onnx_io
