// Emit: appends the nodes that an expansion consists of, named after the node of the file.
#pragma once

#include <initializer_list>

#include "onnx/opset_adapters.h"

namespace twofour::onnx_io {

class Emit {
 public:
  explicit Emit(Draft& draft) : draft_(draft) {}

  Value* op(std::string_view op, std::vector<Value*> inputs, Attrs attrs = {}) const;
  std::vector<Value*> op_n(std::string_view op, std::vector<Value*> inputs, size_t num_outputs,
                           Attrs attrs = {}) const;

  Value* constant(Tensor data) const;
  Value* i64(const std::vector<int64_t>& values) const { return constant(Tensor::i64(values)); }
  /// A scalar of this type.
  Value* scalar(float value, DType dtype) const { return constant(Tensor::scalar(value).to(dtype)); }
  Value* floats(const std::vector<float>& values, DType dtype) const;

  Value* add(Value* a, Value* b) const { return op("Add", {a, b}); }
  /// `a` alone where `b` is absent.
  Value* add_optional(Value* a, Value* b) const { return b ? add(a, b) : a; }
  Value* mul(Value* a, Value* b) const { return op("Mul", {a, b}); }
  /// a * factor; `a` itself for 1.
  Value* scaled(Value* a, float factor) const;
  Value* cast(Value* a, DType dtype) const;
  Value* transpose(Value* a, const std::vector<int64_t>& perm) const;
  /// 0 keeps a size, -1 is what remains.
  Value* reshape(Value* a, const std::vector<int64_t>& shape) const;
  Value* unsqueeze(Value* a, const std::vector<int64_t>& axes) const;
  Value* squeeze(Value* a, const std::vector<int64_t>& axes) const;
  Value* concat(std::vector<Value*> parts, int64_t axis) const;
  /// Elements [begin, end) of `axis`; the bounds are i64 vectors of one element.
  Value* slice(Value* a, int64_t axis, Value* begin, Value* end) const;
  std::vector<Value*> split(Value* a, int64_t axis, const std::vector<int64_t>& sizes) const;
  /// The size of an axis as an i64 vector of one element: a constant where it is known. Throws
  /// Error{kUnsupported} when there may be no such axis.
  Value* size(Value* a, size_t axis) const;
  /// 0, 1, ... for a size as size() gives it.
  Value* counting(Value* size) const;

 private:
  Draft& draft_;
};

/// Throws Error{kInvalidArgument} unless the value has this rank, Error{kUnsupported} when that is not known.
void check_rank(const Value* value, size_t rank, std::string_view name);
/// The size of an axis; throws Error{kUnsupported} when it is not known.
int64_t known_size(const Value* value, size_t axis, std::string_view name);
/// Its data; throws Error{kUnsupported} unless it is a constant.
Tensor constant_data(const Value* value, std::string_view name);
/// Throws Error{kUnsupported} for an integer attribute that is there and not 0.
void refuse_set(const Draft& draft, std::initializer_list<const char*> attrs);

}  // namespace twofour::onnx_io
