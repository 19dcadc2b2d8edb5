#include "ops/builder.h"

#include <algorithm>

namespace twofour::ops {

std::vector<Value*> Builder::op_n(std::string_view op, std::vector<Value*> inputs, size_t num_outputs,
                                  Attrs attrs, std::string name) {
  while (!inputs.empty() && !inputs.back()) inputs.pop_back();
  Node* node = graph_.add_node(std::string(op), std::move(inputs), num_outputs, std::move(attrs),
                               prefix_ + (name.empty() ? std::string(op) : name), before_);
  try {
    infer_types(*node);
  } catch (...) {
    graph_.erase(node);
    throw;
  }
  return node->outputs();
}

Value* Builder::op(std::string_view op, std::vector<Value*> inputs, Attrs attrs, std::string name) {
  return op_n(op, std::move(inputs), 1, std::move(attrs), std::move(name))[0];
}

Value* Builder::scalar(float value) { return constant("scalar", Tensor::scalar(value)); }
Value* Builder::i64(const std::vector<int64_t>& values) { return constant("i64", Tensor::i64(values)); }

Value* Builder::cast(Value* a, DType dtype) {
  return a->dtype() == dtype ? a : op("Cast", {a}, {{"to", std::string(dtype_name(dtype))}});
}

Value* Builder::reshape(Value* a, const Shape& shape) {
  if (a->type().is_static() && a->shape() == shape) return a;
  Attrs attrs;
  if (std::ranges::find(shape, 0) != shape.end()) attrs.set("allowzero", int64_t{1});
  return op("Reshape", {a, i64(shape.dims())}, std::move(attrs));
}

Value* Builder::reduce_sum(Value* a, const std::vector<int64_t>& axes, bool keepdims) {
  return op("ReduceSum", {a, i64(axes)}, {{"keepdims", int64_t{keepdims}}});
}

Value* Builder::expand(Value* a, const Shape& shape) {
  return a->shape() == shape ? a : op("Expand", {a, i64(shape.dims())});
}

Value* Builder::unbroadcast(Value* a, const Shape& shape) {
  const Shape from = a->shape();
  if (from == shape) return a;
  const size_t extra = from.rank() - shape.rank();
  std::vector<int64_t> axes;
  for (size_t i = 0; i < from.rank(); ++i)
    if (i < extra || (shape[i - extra] == 1 && from[i] != 1)) axes.push_back(static_cast<int64_t>(i));
  return reshape(axes.empty() ? a : reduce_sum(a, axes, true), shape);
}

}  // namespace twofour::ops
