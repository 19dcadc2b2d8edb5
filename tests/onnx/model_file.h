// Builds small ONNX files in memory, right or wrong, for the import tests.
#pragma once

#include <initializer_list>
#include <string>
#include <vector>

#include "onnx/import.h"
#include "onnx/proto.h"

namespace twofour::onnx_io {

class ModelFile {
 public:
  explicit ModelFile(int64_t opset = 17) {
    model.set_ir_version(8);
    model.add_opset_import()->set_version(opset);
    graph().set_name("net");
  }

  onnx::GraphProto& graph() { return *model.mutable_graph(); }

  /// Sizes of -1 are unknown.
  ModelFile& input(const std::string& name, const std::vector<int64_t>& dims,
                   int type = onnx::TensorProto::FLOAT) {
    write_type(*graph().add_input(), name, dims, type);
    return *this;
  }
  ModelFile& output(const std::string& name) {
    write_type(*graph().add_output(), name, {}, onnx::TensorProto::FLOAT);
    return *this;
  }
  ModelFile& floats(const std::string& name, const std::vector<int64_t>& dims,
                    const std::vector<float>& values) {
    onnx::TensorProto& tensor = initializer(name, dims, onnx::TensorProto::FLOAT);
    tensor.mutable_float_data()->Add(values.begin(), values.end());
    return *this;
  }
  ModelFile& ints(const std::string& name, const std::vector<int64_t>& values) {
    onnx::TensorProto& tensor =
        initializer(name, {static_cast<int64_t>(values.size())}, onnx::TensorProto::INT64);
    tensor.mutable_int64_data()->Add(values.begin(), values.end());
    return *this;
  }
  onnx::TensorProto& initializer(const std::string& name, const std::vector<int64_t>& dims, int type) {
    onnx::TensorProto& tensor = *graph().add_initializer();
    tensor.set_name(name);
    tensor.set_data_type(type);
    tensor.mutable_dims()->Add(dims.begin(), dims.end());
    return tensor;
  }
  /// The last node added; attributes go to it.
  ModelFile& node(const std::string& op, const std::vector<std::string>& inputs,
                  const std::vector<std::string>& outputs, const std::string& name = {}) {
    last_ = graph().add_node();
    last_->set_op_type(op);
    for (const auto& input : inputs) last_->add_input(input);
    for (const auto& output : outputs) last_->add_output(output);
    if (!name.empty()) last_->set_name(name);
    return *this;
  }
  /// Of the last node.
  ModelFile& domain(const char* domain) {
    last_->set_domain(domain);
    return *this;
  }
  ModelFile& attr(const std::string& name, const std::vector<float>& values) {
    attribute(name, onnx::AttributeProto::FLOATS).mutable_floats()->Add(values.begin(), values.end());
    return *this;
  }
  ModelFile& attr(const std::string& name, const std::vector<std::string>& values) {
    onnx::AttributeProto& proto = attribute(name, onnx::AttributeProto::STRINGS);
    for (const std::string& value : values) proto.add_strings(value);
    return *this;
  }
  ModelFile& attr(const std::string& name, int64_t value) {
    attribute(name, onnx::AttributeProto::INT).set_i(value);
    return *this;
  }
  ModelFile& attr(const std::string& name, float value) {
    attribute(name, onnx::AttributeProto::FLOAT).set_f(value);
    return *this;
  }
  ModelFile& attr(const std::string& name, const char* value) {
    attribute(name, onnx::AttributeProto::STRING).set_s(value);
    return *this;
  }
  ModelFile& attr(const std::string& name, const std::vector<int64_t>& values) {
    attribute(name, onnx::AttributeProto::INTS).mutable_ints()->Add(values.begin(), values.end());
    return *this;
  }
  onnx::AttributeProto& attribute(const std::string& name, onnx::AttributeProto::AttributeType type) {
    onnx::AttributeProto& proto = *last_->add_attribute();
    proto.set_name(name);
    proto.set_type(type);
    return proto;
  }

  /// `subgraph` as an attribute of the last node.
  ModelFile& give(const std::string& name, ModelFile subgraph) {
    *attribute(name, onnx::AttributeProto::GRAPH).mutable_g() = subgraph.graph();
    return *this;
  }

  Graph import(const ImportOptions& options = {}) const {
    return import_bytes(model.SerializeAsString(), options);
  }
  static Graph import_bytes(std::string_view bytes, const ImportOptions& options = {}) {
    return import_model_bytes(std::as_bytes(std::span(bytes)), "net.onnx", options);
  }

  onnx::ModelProto model;

 private:
  static void write_type(onnx::ValueInfoProto& proto, const std::string& name,
                         const std::vector<int64_t>& dims, int type) {
    proto.set_name(name);
    auto& tensor = *proto.mutable_type()->mutable_tensor_type();
    tensor.set_elem_type(type);
    tensor.mutable_shape();
    for (const int64_t dim : dims) {
      auto& dim_proto = *tensor.mutable_shape()->add_dim();
      if (dim >= 0) dim_proto.set_dim_value(dim);
    }
  }

  onnx::NodeProto* last_ = nullptr;
};

/// A subgraph under construction, with the helpers of a model file.
inline ModelFile body(const std::string& name) {
  ModelFile file;
  file.graph().set_name(name);
  return file;
}

}  // namespace twofour::onnx_io
