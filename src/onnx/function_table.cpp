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

}  // namespace

std::string domain_of(const std::string& domain) { return domain == "ai.onnx" ? "" : domain; }

std::string qualified_op(const onnx::NodeProto& node) {
  const std::string domain = domain_of(node.domain());
  return domain.empty() ? node.op_type() : domain + "::" + node.op_type();
}

Function::Function(onnx::FunctionProto& proto)
    : proto_(proto), defaults_(defaults_of(proto)), body_(std::make_unique<onnx::GraphProto>()) {
  body_->set_name(proto.name());
  for (const std::string& name : proto.input()) body_->add_input()->set_name(name);
  for (const std::string& name : proto.output()) body_->add_output()->set_name(name);
  body_->mutable_node()->Swap(proto.mutable_node());
}

Function::~Function() = default;

int64_t Function::opset(int64_t of_model) const {
  for (const auto& entry : proto_.opset_import())
    if (domain_of(entry.domain()).empty()) return entry.version();
  return of_model;
}

Arguments Function::arguments(onnx::NodeProto& call, const Arguments& outer) {
  TWOFOUR_CHECK(call.input_size() <= proto_.input_size() && call.output_size() <= proto_.output_size(),
                kInvalidArgument, "function {} has {} inputs and {} outputs, the call {} and {}",
                proto_.name(), proto_.input_size(), proto_.output_size(), call.input_size(),
                call.output_size());
  Arguments arguments;
  for (const std::string& name : proto_.attribute()) arguments.set(name, nullptr);
  for (auto& attribute : defaults_) arguments.set(attribute.name(), &attribute);
  for (auto& attribute : *call.mutable_attribute()) {
    TWOFOUR_CHECK(!attribute.has_g() && attribute.graphs_size() == 0, kUnsupported,
                  "attribute {} of a function is a graph", attribute.name());
    TWOFOUR_CHECK(arguments.has(attribute.name()), kInvalidArgument, "function {} has no attribute {}",
                  proto_.name(), attribute.name());
    if (auto* given = outer.resolve(attribute)) arguments.set(attribute.name(), given);
  }
  return arguments;
}

FunctionTable::FunctionTable(onnx::ModelProto& model) {
  for (auto& function : *model.mutable_functions())
    TWOFOUR_CHECK(
        functions_
            .try_emplace(
                {domain_of(function.domain()), function.name(), text_field(function, kFunctionOverload)},
                std::make_unique<Function>(function))
            .second,
        kDataCorrupt, "function {} of domain \"{}\" is defined twice", function.name(), function.domain());
}

Function* FunctionTable::find(const onnx::NodeProto& node) const {
  const auto it =
      functions_.find({domain_of(node.domain()), node.op_type(), text_field(node, kNodeOverload)});
  return it == functions_.end() ? nullptr : it->second.get();
}

}  // namespace twofour::onnx_io
