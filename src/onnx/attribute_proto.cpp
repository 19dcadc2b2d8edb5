#include "onnx/attribute_proto.h"

#include "onnx/proto.h"
#include "onnx/tensor_proto.h"
#include "onnx/tensor_store.h"

namespace twofour::onnx_io {
namespace {

using Proto = onnx::AttributeProto;

// Files of IR version 1 leave the type out.
Proto::AttributeType kind_of(const Proto& proto) {
  if (proto.has_type() && proto.type() != Proto::UNDEFINED) return proto.type();
  if (proto.has_f()) return Proto::FLOAT;
  if (proto.has_i()) return Proto::INT;
  if (proto.has_s()) return Proto::STRING;
  if (proto.has_t()) return Proto::TENSOR;
  if (proto.has_g() || proto.graphs_size() > 0) return Proto::GRAPH;
  if (proto.floats_size() > 0) return Proto::FLOATS;
  if (proto.strings_size() > 0) return Proto::STRINGS;
  return Proto::INTS;
}

Attr take_attr(Proto& proto, TensorStore& tensors) {
  switch (kind_of(proto)) {
    case Proto::FLOAT: return proto.f();
    case Proto::INT: return proto.i();
    case Proto::STRING: return proto.s();
    case Proto::TENSOR: return tensors.take(*proto.mutable_t());
    case Proto::FLOATS: return std::vector<float>(proto.floats().begin(), proto.floats().end());
    case Proto::INTS: return std::vector<int64_t>(proto.ints().begin(), proto.ints().end());
    case Proto::STRINGS: return std::vector<std::string>(proto.strings().begin(), proto.strings().end());
    default: break;
  }
  fail(ErrorCode::kUnsupported, "attribute {} is of kind {}, which is not supported", proto.name(),
       Proto::AttributeType_Name(proto.type()));
}

struct WriteAttr {
  Proto& proto;
  void operator()(int64_t v) const {
    proto.set_type(Proto::INT);
    proto.set_i(v);
  }
  void operator()(float v) const {
    proto.set_type(Proto::FLOAT);
    proto.set_f(v);
  }
  void operator()(const std::string& v) const {
    proto.set_type(Proto::STRING);
    proto.set_s(v);
  }
  void operator()(const std::vector<int64_t>& v) const {
    proto.set_type(Proto::INTS);
    proto.mutable_ints()->Add(v.begin(), v.end());
  }
  void operator()(const std::vector<float>& v) const {
    proto.set_type(Proto::FLOATS);
    proto.mutable_floats()->Add(v.begin(), v.end());
  }
  void operator()(const std::vector<std::string>& v) const {
    proto.set_type(Proto::STRINGS);
    for (const std::string& text : v) proto.add_strings(text);
  }
  void operator()(const Tensor& v) const {
    proto.set_type(Proto::TENSOR);
    write_tensor(v, "", *proto.mutable_t());
  }
  void operator()(const Subgraph&) const {
    fail(ErrorCode::kInternal, "attribute {} is a subgraph, which the node's writer writes", proto.name());
  }
};

}  // namespace

onnx::AttributeProto* Arguments::resolve(onnx::AttributeProto& attribute) const {
  if (attribute.ref_attr_name().empty()) return &attribute;
  const auto it = given_.find(attribute.ref_attr_name());
  TWOFOUR_CHECK(it != given_.end(), kDataCorrupt,
                "attribute {} refers to attribute {}, which no function around it declares", attribute.name(),
                attribute.ref_attr_name());
  return it->second;
}

Attrs take_attrs(onnx::NodeProto& node, const Arguments& arguments, TensorStore& tensors) {
  Attrs attrs;
  for (Proto& proto : *node.mutable_attribute()) {
    Proto* given = arguments.resolve(proto);
    if (!given) continue;
    TWOFOUR_CHECK(!attrs.has(proto.name()), kDataCorrupt, "attribute {} stands twice", proto.name());
    if (kind_of(*given) == Proto::GRAPH || kind_of(*given) == Proto::TYPE_PROTO) continue;
    attrs.set(proto.name(), take_attr(*given, tensors));
  }
  return attrs;
}

void write_attr(const std::string& name, const Attr& value, Proto& proto) {
  proto.set_name(name);
  std::visit(WriteAttr{proto}, value);
}

}  // namespace twofour::onnx_io
