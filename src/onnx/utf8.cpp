#include "onnx/utf8.h"

#include <cstdint>

#include "onnx/proto.h"

namespace twofour::onnx_io {
namespace {

using google::protobuf::FieldDescriptor;

/// Bytes of the character that `lead` begins; 0 when it begins none.
size_t length_of(uint8_t lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead < 0xE0) return 2;
  if (lead >= 0xE0 && lead < 0xF0) return 3;
  return lead >= 0xF0 && lead < 0xF5 ? 4 : 0;
}

/// The range of the second byte rules out overlong forms, surrogates and what is above U+10FFFF.
bool second_fits(uint8_t lead, uint8_t second) {
  if (lead == 0xE0) return second >= 0xA0;
  if (lead == 0xED) return second < 0xA0;
  if (lead == 0xF0) return second >= 0x90;
  return lead != 0xF4 || second < 0x90;
}

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

bool is_utf8(const std::string& text) {
  for (size_t i = 0; i < text.size();) {
    const auto byte = [&](size_t at) { return static_cast<uint8_t>(text[at]); };
    const size_t length = length_of(byte(i));
    if (length == 0 || i + length > text.size()) return false;
    for (size_t k = 1; k < length; ++k)
      if ((byte(i + k) & 0xC0) != 0x80) return false;
    if (length > 1 && !second_fits(byte(i), byte(i + 1))) return false;
    i += length;
  }
  return true;
}

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
