#include "onnx/utf8.h"

#include <cstdint>

#include "base/utf8.h"
#include "onnx/proto.h"

namespace twofour::onnx_io {
namespace {

using google::protobuf::FieldDescriptor;

bool is_text(const FieldDescriptor& field) {
  if (field.type() == FieldDescriptor::TYPE_STRING) return true;
  const std::string& name = field.name();
  return field.type() == FieldDescriptor::TYPE_BYTES && (name == "s" || name == "strings");
}

void fix_text(google::protobuf::Message& message, const FieldDescriptor& field) {
  const auto& reflection = *message.GetReflection();
  std::string scratch;
  if (!field.is_repeated()) {
    const std::string& text = reflection.GetStringReference(message, &field, &scratch);
    if (!is_utf8(text)) reflection.SetString(&message, &field, to_utf8(text));
    return;
  }
  for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
    const std::string& text = reflection.GetRepeatedStringReference(message, &field, i, &scratch);
    if (!is_utf8(text)) reflection.SetRepeatedString(&message, &field, i, to_utf8(text));
  }
}

}  // namespace

std::string to_utf8(const std::string& text) {
  if (is_utf8(text)) return text;
  std::string result;
  for (const char c : text) {
    const auto byte = static_cast<uint8_t>(c);
    if (byte < 0x80) {
      result += c;
    } else {
      result += static_cast<char>(0xC0 | (byte >> 6));
      result += static_cast<char>(0x80 | (byte & 0x3F));
    }
  }
  return result;
}

void make_utf8(google::protobuf::Message& message) {
  std::vector<const FieldDescriptor*> fields;
  const auto& reflection = *message.GetReflection();
  reflection.ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (is_text(*field)) fix_text(message, *field);
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE || field->name() == "external_data") continue;
    if (!field->is_repeated()) make_utf8(*reflection.MutableMessage(&message, field));
    for (int i = 0; field->is_repeated() && i < reflection.FieldSize(message, field); ++i)
      make_utf8(*reflection.MutableRepeatedMessage(&message, field, i));
  }
}

}  // namespace twofour::onnx_io
