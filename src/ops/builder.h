// Builder: appends nodes to a graph and infers their types at once. The one way to construct graphs in C++.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ops/op_def.h"

namespace twofour::ops {

class Builder {
 public:
  /// Names of new nodes start with `prefix`. Nodes go before `before` when given, else at the end.
  explicit Builder(Graph& graph, std::string prefix = {}, const Node* before = nullptr)
      : graph_(graph), prefix_(std::move(prefix)), before_(before) {}

  Graph& graph() { return graph_; }

  /// One node with one output. Throws as infer_types does; nothing is added then.
  Value* op(std::string_view op, std::vector<Value*> inputs, Attrs attrs = {}, std::string name = {});
  /// One node with several outputs.
  std::vector<Value*> op_n(std::string_view op, std::vector<Value*> inputs, size_t num_outputs,
                           Attrs attrs = {}, std::string name = {});
  Value* constant(std::string name, Tensor data) {
    return graph_.add_constant(prefix_ + name, std::move(data));
  }
  Value* scalar(float value);
  Value* i64(const std::vector<int64_t>& values);

  Value* add(Value* a, Value* b) { return op("Add", {a, b}); }
  Value* sub(Value* a, Value* b) { return op("Sub", {a, b}); }
  Value* mul(Value* a, Value* b) { return op("Mul", {a, b}); }
  Value* div(Value* a, Value* b) { return op("Div", {a, b}); }
  Value* neg(Value* a) { return op("Neg", {a}); }
  Value* cast(Value* a, DType dtype);
  Value* reshape(Value* a, const Shape& shape);
  Value* transpose(Value* a, std::vector<int64_t> perm) {
    return op("Transpose", {a}, {{"perm", std::move(perm)}});
  }
  Value* reduce_sum(Value* a, const std::vector<int64_t>& axes, bool keepdims);
  Value* expand(Value* a, const Shape& shape);
  /// Sums `a` over the axes that broadcasting `shape` to a's shape had stretched: the gradient of a
  /// broadcast.
  Value* unbroadcast(Value* a, const Shape& shape);

 private:
  Graph& graph_;
  std::string prefix_;
  const Node* before_;
};

}  // namespace twofour::ops
