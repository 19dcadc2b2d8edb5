// Node attributes: AttributeProto <-> Attr.
#pragma once

#include <map>
#include <string>

#include "ir/attrs.h"

namespace onnx {
class AttributeProto;
class NodeProto;
}  // namespace onnx

namespace twofour::onnx_io {

class TensorStore;

/// The attributes of a function that those of its nodes may refer to; outside functions there are none.
class Arguments {
 public:
  bool has(const std::string& name) const { return given_.contains(name); }
  /// Null: a function's attribute without a value.
  void set(const std::string& name, onnx::AttributeProto* given) { given_[name] = given; }
  /// The attribute itself or what it refers to; null where that has no value. Throws Error{kDataCorrupt} when
  /// there is no such argument.
  onnx::AttributeProto* resolve(onnx::AttributeProto& attribute) const;

 private:
  std::map<std::string, onnx::AttributeProto*> given_;
};

/// All attributes of a node that have a value, but its subgraphs (onnx/subgraph_reader.h). Throws
/// Error{kDataCorrupt} on two of one name, Error{kUnsupported} on kinds that Attr lacks (sparse tensors,
/// types).
Attrs take_attrs(onnx::NodeProto& node, const Arguments& arguments, TensorStore& tensors);

void write_attr(const std::string& name, const Attr& value, onnx::AttributeProto& proto);

}  // namespace twofour::onnx_io
