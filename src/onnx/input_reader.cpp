#include "onnx/input_reader.h"

#include <set>

#include "onnx/data_type.h"
#include "onnx/proto.h"
#include "ops/infer.h"

namespace twofour::onnx_io {
namespace {

/// Files use a missing, an empty or a negative size for "any".
Dim read_dim(const onnx::TensorShapeProto::Dimension& proto) {
  if (proto.has_dim_value()) return proto.dim_value() >= 0 ? Dim(proto.dim_value()) : Dim();
  return Dim::named(proto.dim_param());
}

/// Sizes of -1 stay as the file has them.
ValueType bind(ValueType type, const Shape& shape) {
  if (!type.known) {
    for (const int64_t size : shape) type.dims.emplace_back(size < 0 ? Dim() : Dim(size));
    type.known = true;
    return type;
  }
  const std::string given = type.to_string();
  TWOFOUR_CHECK(type.dims.size() == shape.rank(), kInvalidArgument, "it is {}; shape {} does not fit it",
                given, shape.to_string());
  for (size_t i = 0; i < shape.rank(); ++i) {
    if (shape[i] < 0) continue;
    TWOFOUR_CHECK(!type.dims[i].known() || type.dims[i].value == shape[i], kInvalidArgument,
                  "it is {}; shape {} does not fit it", given, shape.to_string());
    type.dims[i] = shape[i];
  }
  return type;
}

template <typename List>
std::set<std::string> names_of(const List& list) {
  std::set<std::string> names;
  for (const auto& item : list) names.insert(item.name());
  return names;
}

}  // namespace

ValueType read_type(const onnx::TypeProto& proto) {
  if (proto.has_optional_type()) return read_type(proto.optional_type().elem_type());
  TWOFOUR_CHECK(proto.has_tensor_type(), kUnsupported,
                "it is a map or of another type that is not supported");
  ValueType type{dtype_from_onnx(proto.tensor_type().elem_type()), {}};
  type.known = proto.tensor_type().has_shape();
  for (const auto& dim : proto.tensor_type().shape().dim()) type.dims.push_back(read_dim(dim));
  return type;
}

InputReader::InputReader(const ImportOptions& options, const onnx::GraphProto& graph) : options_(options) {
  const std::set<std::string> inputs = names_of(graph.input());
  const auto check = [&](const std::string& name) {
    const bool is_element = inputs.contains(name.substr(0, name.rfind('/')));
    TWOFOUR_CHECK(inputs.contains(name) || is_element, kInvalidArgument,
                  "the model has no input \"{}\"; it has: {}", name, fmt::join(inputs, ", "));
  };
  for (const auto& [name, shape] : options.shapes) check(name);
  for (const auto& [name, data] : options.known_inputs) check(name);
  for (const std::string& name : options.kept_inputs) check(name);
}

bool is_sequence(const onnx::TypeProto& proto) {
  return proto.has_sequence_type() ||
         (proto.has_optional_type() && is_sequence(proto.optional_type().elem_type()));
}

bool InputReader::replaces(const std::string& initializer) const {
  return options_.kept_inputs.contains(initializer) || options_.known_inputs.contains(initializer);
}

Tensor InputReader::known(const onnx::ValueInfoProto& input) const {
  const auto found = options_.known_inputs.find(input.name());
  if (found == options_.known_inputs.end()) return {};
  const ValueType expected = type(input);
  ops::check_dtype(type_of(found->second), expected.dtype, input.name());
  if (expected.known) ops::check_dims(type_of(found->second), expected.dims, input.name());
  return found->second;
}

ValueType InputReader::type(const onnx::ValueInfoProto& input) const {
  return with_context([&] { return fmt::format("reading graph input \"{}\"", input.name()); },
                      [&] {
                        const ValueType type = read_type(input.type());
                        const auto given = options_.shapes.find(input.name());
                        return given == options_.shapes.end() ? type : bind(type, given->second);
                      });
}

std::vector<InputReader::Element> InputReader::elements(const onnx::ValueInfoProto& input) const {
  return with_context(
      [&] { return fmt::format("reading graph input \"{}\"", input.name()); },
      [&] {
        const onnx::TypeProto* type = &input.type();
        while (type->has_optional_type()) type = &type->optional_type().elem_type();
        std::vector<Element> elements;
        for (size_t i = 0;; ++i) {
          const std::string name = fmt::format("{}/{}", input.name(), i);
          const auto given = options_.shapes.find(name);
          if (given == options_.shapes.end()) break;
          elements.push_back({name, bind(read_type(type->sequence_type().elem_type()), given->second)});
        }
        TWOFOUR_CHECK(!elements.empty(), kUnsupported,
                      "it is a sequence; its elements are inputs of their own, give the shapes of \"{0}/0\", "
                      "\"{0}/1\" and so on",
                      input.name());
        return elements;
      });
}

}  // namespace twofour::onnx_io
