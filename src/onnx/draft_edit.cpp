#include "onnx/draft_edit.h"

#include "ops/shape_value.h"

namespace twofour::onnx_io {

void set_input(Draft& draft, size_t index, Value* value) {
  if (draft.inputs.size() <= index) draft.inputs.resize(index + 1, nullptr);
  draft.inputs[index] = value;
}

Value* constant(Draft& draft, std::string_view port, Tensor data) {
  return draft.builder.constant(fmt::format("{}.{}", draft.name, port), std::move(data));
}

std::vector<int64_t> known_input(const Draft& draft, size_t index, std::string_view port) {
  const auto values = ops::known_ints(draft.input(index));
  TWOFOUR_CHECK(values, kUnsupported, "input \"{}\" is computed at run time; it must be a constant", port);
  return *values;
}

void ints_to_input(Draft& draft, const char* attr, size_t index) {
  if (!draft.attrs.has(attr)) return;
  set_input(draft, index, constant(draft, attr, Tensor::i64(draft.attrs.ints(attr))));
  draft.attrs.erase(attr);
}

void float_to_input(Draft& draft, const char* attr, size_t index) {
  if (!draft.attrs.has(attr)) return;
  const float value = draft.attrs.f(attr, 0);
  const DType dtype = draft.input(0) ? draft.input(0)->dtype() : DType::kF32;
  set_input(draft, index, constant(draft, attr, Tensor::scalar(value).to(dtype)));
  draft.attrs.erase(attr);
}

size_t rank_of(const Draft& draft) {
  TWOFOUR_CHECK(draft.input(0), kInvalidArgument, "input 0 is missing");
  TWOFOUR_CHECK(draft.input(0)->type().known, kUnsupported,
                "the rank of its input depends on sizes or data that are not known");
  return draft.input(0)->rank();
}

size_t axis_of(const Draft& draft, int64_t otherwise) {
  const auto rank = static_cast<int64_t>(rank_of(draft));
  const int64_t axis = draft.attrs.i("axis", otherwise);
  TWOFOUR_CHECK(axis >= -rank && axis < rank, kInvalidArgument, "axis {} is outside [{}, {})", axis, -rank,
                rank);
  return static_cast<size_t>(axis < 0 ? axis + rank : axis);
}

}  // namespace twofour::onnx_io
