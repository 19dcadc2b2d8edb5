// Functions that a model defines for itself (ModelProto.functions). Calls are replaced by bodies at import.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "onnx/attribute_proto.h"

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

class Function {
 public:
  /// Takes the nodes out of `proto`, which outlives it. Throws Error{kDataCorrupt} for damaged defaults.
  explicit Function(onnx::FunctionProto& proto);
  ~Function();

  /// Its nodes as a graph. Their attributes may refer to those of the function.
  onnx::GraphProto& body() const { return *body_; }
  /// Of ONNX's own domain within it; the model's where it does not say.
  int64_t opset(int64_t of_model) const;
  /// What the call gives to the function's attributes, or their defaults; `outer`: those that attributes of
  /// the call refer to. Throws Error{kInvalidArgument} for arguments that do not fit, Error{kUnsupported} for
  /// graphs as attributes.
  Arguments arguments(onnx::NodeProto& call, const Arguments& outer);

 private:
  const onnx::FunctionProto& proto_;
  std::vector<onnx::AttributeProto> defaults_;
  std::unique_ptr<onnx::GraphProto> body_;
};

class FunctionTable {
 public:
  /// Of the functions of `model`, which outlives the table. Throws Error{kDataCorrupt} for one that is
  /// defined twice or damaged.
  explicit FunctionTable(onnx::ModelProto& model);

  /// The function that the node calls, or null. Functions go before operators of the same name.
  Function* find(const onnx::NodeProto& node) const;

 private:
  std::map<std::tuple<std::string, std::string, std::string>, std::unique_ptr<Function>> functions_;
};

}  // namespace twofour::onnx_io
