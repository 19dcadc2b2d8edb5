#include "onnx/function_table.h"

#include "base/error.h"
#include "onnx/proto.h"

namespace twofour::onnx_io {
namespace {

// Fields that came after release 1.12, whose classes these are.
constexpr int kNodeOverload = 8;
constexpr int kFunctionOverload = 13;
constexpr int kFunctionDefaults = 11;

template <typename Fn>
void for_each_text(const google::protobuf::Message& message, int field, const Fn& fn) {
  const auto& unknown = message.GetReflection()->GetUnknownFields(message);
  for (int i = 0; i < unknown.field_count(); ++i)
    if (const auto& entry = unknown.field(i);
        entry.number() == field && entry.type() == google::protobuf::UnknownField::TYPE_LENGTH_DELIMITED)
      fn(entry.length_delimited());
}

std::string text_field(const google::protobuf::Message& message, int field) {
  std::string last;
  for_each_text(message, field, [&](const std::string& text) { last = text; });
  return last;
}

std::vector<onnx::AttributeProto> defaults_of(const onnx::FunctionProto& function) {
  std::vector<onnx::AttributeProto> defaults;
  for_each_text(function, kFunctionDefaults, [&](const std::string& text) {
    TWOFOUR_CHECK(defaults.emplace_back().ParseFromString(text), kDataCorrupt,
                  "function {} has a damaged attribute", function.name());
  });
  return defaults;
}

/// What references inside the body stand for; without a name where nothing was given.
using Attributes = std::map<std::string, onnx::AttributeProto>;

Attributes arguments_of(const onnx::FunctionProto& function, const onnx::NodeProto& call) {
  Attributes arguments;
  for (const std::string& name : function.attribute()) arguments[name];
  for (auto& attribute : defaults_of(function)) arguments[attribute.name()] = attribute;
  for (const auto& attribute : call.attribute()) {
    TWOFOUR_CHECK(!attribute.has_g() && attribute.graphs_size() == 0, kUnsupported,
                  "attribute {} of a function is a graph", attribute.name());
    const auto it = arguments.find(attribute.name());
    TWOFOUR_CHECK(it != arguments.end(), kInvalidArgument, "function {} has no attribute {}", function.name(),
                  attribute.name());
    it->second = attribute;
  }
  return arguments;
}

void substitute(onnx::GraphProto& graph, const onnx::FunctionProto& function, const Attributes& arguments);

void substitute(onnx::NodeProto& node, const onnx::FunctionProto& function, const Attributes& arguments) {
  google::protobuf::RepeatedPtrField<onnx::AttributeProto> kept;
  for (auto& attribute : *node.mutable_attribute()) {
    if (attribute.has_g()) substitute(*attribute.mutable_g(), function, arguments);
    if (attribute.ref_attr_name().empty()) {
      kept.Add()->Swap(&attribute);
      continue;
    }
    const auto it = arguments.find(attribute.ref_attr_name());
    TWOFOUR_CHECK(it != arguments.end(), kDataCorrupt,
                  "function {} refers to its attribute {}, which it does not declare", function.name(),
                  attribute.ref_attr_name());
    if (it->second.name().empty()) continue;
    onnx::AttributeProto& given = *kept.Add();
    given = it->second;
    given.set_name(attribute.name());
  }
  node.mutable_attribute()->Swap(&kept);
}

void substitute(onnx::GraphProto& graph, const onnx::FunctionProto& function, const Attributes& arguments) {
  for (auto& node : *graph.mutable_node()) substitute(node, function, arguments);
}

}  // namespace

std::string domain_of(const std::string& domain) { return domain == "ai.onnx" ? "" : domain; }

std::string qualified_op(const onnx::NodeProto& node) {
  const std::string domain = domain_of(node.domain());
  return domain.empty() ? node.op_type() : domain + "::" + node.op_type();
}

FunctionTable::FunctionTable(const onnx::ModelProto& model) {
  for (const auto& function : model.functions())
    TWOFOUR_CHECK(
        functions_
            .try_emplace(
                {domain_of(function.domain()), function.name(), text_field(function, kFunctionOverload)},
                &function)
            .second,
        kDataCorrupt, "function {} of domain \"{}\" is defined twice", function.name(), function.domain());
}

const onnx::FunctionProto* FunctionTable::find(const onnx::NodeProto& node) const {
  const auto it =
      functions_.find({domain_of(node.domain()), node.op_type(), text_field(node, kNodeOverload)});
  return it == functions_.end() ? nullptr : it->second;
}

int64_t FunctionTable::opset(const onnx::FunctionProto& function, int64_t otherwise) const {
  for (const auto& entry : function.opset_import())
    if (domain_of(entry.domain()).empty()) return entry.version();
  return otherwise;
}

onnx::GraphProto body_of(const onnx::FunctionProto& function, const onnx::NodeProto& call) {
  TWOFOUR_CHECK(call.input_size() <= function.input_size() && call.output_size() <= function.output_size(),
                kInvalidArgument, "function {} has {} inputs and {} outputs, the call {} and {}",
                function.name(), function.input_size(), function.output_size(), call.input_size(),
                call.output_size());
  onnx::GraphProto body;
  body.set_name(function.name());
  for (const std::string& name : function.input()) body.add_input()->set_name(name);
  for (const std::string& name : function.output()) body.add_output()->set_name(name);
  *body.mutable_node() = function.node();
  substitute(body, function, arguments_of(function, call));
  return body;
}

}  // namespace twofour::onnx_io
