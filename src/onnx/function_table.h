// Functions that a model defines for itself (ModelProto.functions). Calls are replaced by bodies at import.
#pragma once

#include <map>
#include <string>
#include <tuple>

namespace onnx {
class FunctionProto;
class GraphProto;
class ModelProto;
class NodeProto;
}  // namespace onnx

namespace twofour::onnx_io {

/// "" for ONNX's own domain, by either of its names.
std::string domain_of(const std::string& domain);
/// `Op`, or `domain::Op` outside ONNX's own domain.
std::string qualified_op(const onnx::NodeProto& node);

class FunctionTable {
 public:
  /// `model` outlives the table. Throws Error{kDataCorrupt} for a function that is defined twice.
  explicit FunctionTable(const onnx::ModelProto& model);

  /// The function that the node calls, or null. Functions go before operators of the same name.
  const onnx::FunctionProto* find(const onnx::NodeProto& node) const;
  /// Of ONNX's own domain within the function; the model's where the function does not say.
  int64_t opset(const onnx::FunctionProto& function, int64_t otherwise) const;

 private:
  std::map<std::tuple<std::string, std::string, std::string>, const onnx::FunctionProto*> functions_;
};

/// The function's nodes as a graph: references to its attributes are replaced by what the call gives, by
/// defaults, or left out. Throws Error{kInvalidArgument} for arguments that do not fit, Error{kUnsupported}
/// for graphs as attributes.
onnx::GraphProto body_of(const onnx::FunctionProto& function, const onnx::NodeProto& call);

}  // namespace twofour::onnx_io
