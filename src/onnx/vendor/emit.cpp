#include "onnx/vendor/emit.h"

namespace twofour::onnx_io {

Value* Emit::op(std::string_view op, std::vector<Value*> inputs, Attrs attrs) const {
  return op_n(op, std::move(inputs), 1, std::move(attrs))[0];
}

std::vector<Value*> Emit::op_n(std::string_view op, std::vector<Value*> inputs, size_t num_outputs,
                               Attrs attrs) const {
  return draft_.builder.op_n(op, std::move(inputs), num_outputs, std::move(attrs),
                             fmt::format("{}.{}", draft_.name, op));
}

Value* Emit::constant(Tensor data) const {
  return draft_.builder.constant(draft_.name + ".constant", std::move(data));
}

Value* Emit::floats(const std::vector<float>& values, DType dtype) const {
  return constant(Tensor::of<float>({static_cast<int64_t>(values.size())}, values).to(dtype));
}

Value* Emit::scaled(Value* a, float factor) const {
  return factor == 1 ? a : mul(a, scalar(factor, a->dtype()));
}

Value* Emit::cast(Value* a, DType dtype) const {
  return a->dtype() == dtype ? a : op("Cast", {a}, {{"to", std::string(dtype_name(dtype))}});
}

Value* Emit::transpose(Value* a, const std::vector<int64_t>& perm) const {
  return op("Transpose", {a}, {{"perm", perm}});
}

Value* Emit::reshape(Value* a, const std::vector<int64_t>& shape) const {
  return op("Reshape", {a, i64(shape)});
}

Value* Emit::unsqueeze(Value* a, const std::vector<int64_t>& axes) const {
  return op("Unsqueeze", {a, i64(axes)});
}

Value* Emit::squeeze(Value* a, const std::vector<int64_t>& axes) const {
  return op("Squeeze", {a, i64(axes)});
}

Value* Emit::concat(std::vector<Value*> parts, int64_t axis) const {
  return op("Concat", std::move(parts), {{"axis", axis}});
}

Value* Emit::slice(Value* a, int64_t axis, Value* begin, Value* end) const {
  return op("Slice", {a, begin, end, i64({axis})});
}

std::vector<Value*> Emit::split(Value* a, int64_t axis, const std::vector<int64_t>& sizes) const {
  return op_n("Split", {a, i64(sizes)}, sizes.size(), {{"axis", axis}});
}

Value* Emit::size(Value* a, size_t axis) const {
  TWOFOUR_CHECK(a->type().known && axis < a->rank(), kUnsupported, "\"{}\" is {}; it must have an axis {}",
                a->name(), a->type().to_string(), axis);
  if (a->dims()[axis].known()) return i64({a->dims()[axis].value});
  const auto at = static_cast<int64_t>(axis);
  return op("Shape", {a}, {{"start", at}, {"end", at + 1}});
}

Value* Emit::counting(Value* size) const {
  const auto number = [](int64_t v) { return Tensor::of<int64_t>({}, std::span<const int64_t>(&v, 1)); };
  return op("Range", {constant(number(0)), squeeze(size, {0}), constant(number(1))});
}

void check_rank(const Value* value, size_t rank, std::string_view name) {
  TWOFOUR_CHECK(value->type().known, kUnsupported, "the rank of {} is not known", name);
  TWOFOUR_CHECK(value->rank() == rank, kInvalidArgument, "{} is {}; {} dimensions are expected", name,
                value->type().to_string(), rank);
}

int64_t known_size(const Value* value, size_t axis, std::string_view name) {
  TWOFOUR_CHECK(value->type().known && axis < value->rank() && value->dims()[axis].known(), kUnsupported,
                "{} is {}; size {} must be known", name, value->type().to_string(), axis);
  return value->dims()[axis].value;
}

Tensor constant_data(const Value* value, std::string_view name) {
  TWOFOUR_CHECK(value->is_constant(), kUnsupported, "{} is computed at run time; it must be a constant",
                name);
  return value->data();
}

void refuse_set(const Draft& draft, std::initializer_list<const char*> attrs) {
  for (const char* name : attrs)
    TWOFOUR_CHECK(draft.attrs.i(name, 0) == 0, kUnsupported, "{} is not supported", name);
}

}  // namespace twofour::onnx_io
