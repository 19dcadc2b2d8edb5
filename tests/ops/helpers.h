// Shared by the operator tests.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "ops/builder.h"
#include "ops/evaluate.h"

namespace twofour::ops {

inline Tensor floats(Shape shape, const std::vector<float>& values) {
  return Tensor::of<float>(std::move(shape), values);
}
inline Tensor ints(Shape shape, const std::vector<int64_t>& values) {
  return Tensor::of<int64_t>(std::move(shape), values);
}
/// These values in another type.
inline Tensor as(DType dtype, Shape shape, const std::vector<float>& values) {
  return floats(std::move(shape), values).to(dtype);
}
inline Tensor flag(bool value) { return Tensor::scalar(value).to(DType::kBool); }
/// 0, 1, 2, ...
inline Tensor iota(const Shape& shape) {
  Tensor tensor(DType::kF32, shape);
  float next = 0;
  for (float& v : tensor.span<float>()) v = next++;
  return tensor;
}
inline std::vector<float> values(const Tensor& tensor) {
  const Tensor wide = tensor.to(DType::kF32);
  const auto span = wide.span<float>();
  return {span.begin(), span.end()};
}

/// One node on constants; an undefined Tensor is an absent input.
inline std::vector<Tensor> run_n(std::string_view op, const std::vector<Tensor>& inputs, size_t num_outputs,
                                 Attrs attrs = {}) {
  Graph graph;
  Builder b(graph);
  std::vector<Value*> args;
  for (const Tensor& t : inputs) args.push_back(t.defined() ? b.constant("c", t) : nullptr);
  graph.set_outputs(b.op_n(op, args, num_outputs, std::move(attrs)));
  return evaluate(graph, {});
}
inline Tensor run(std::string_view op, const std::vector<Tensor>& inputs, Attrs attrs = {}) {
  return run_n(op, inputs, 1, std::move(attrs))[0];
}

/// One example of an op: what tests of the whole table run over.
struct ExampleCase {
  const OpDef* op;
  size_t example;
  const Example& get() const { return op->examples[example]; }
};
inline std::vector<ExampleCase> example_cases() {
  std::vector<ExampleCase> all;
  for (const OpDef* op : all_ops())
    for (size_t i = 0; i < op->examples.size(); ++i) all.push_back({op, i});
  return all;
}
inline std::string example_case_name(const testing::TestParamInfo<ExampleCase>& info) {
  return fmt::format("{}_{}", info.param.op->name, info.param.example);
}
inline void PrintTo(const ExampleCase& c, std::ostream* out) {
  *out << c.op->name << " example " << c.example;
}

/// The error that `fn` throws; fails the test when it throws none.
inline std::pair<ErrorCode, std::string> error_of(const std::function<void()>& fn) {
  try {
    fn();
  } catch (const Error& error) {
    return {error.code(), error.what()};
  }
  ADD_FAILURE() << "no error was thrown";
  return {ErrorCode::kInternal, ""};
}
inline void expect_error(ErrorCode code, const std::string& part, const std::function<void()>& fn) {
  const auto [got, text] = error_of(fn);
  EXPECT_EQ(got, code) << text;
  EXPECT_THAT(text, testing::HasSubstr(part));
}

}  // namespace twofour::ops
