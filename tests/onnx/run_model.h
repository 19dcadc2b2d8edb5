// Runs the models that the import tests build, and makes up their inputs.
#pragma once

#include <cmath>
#include <map>
#include <numeric>
#include <string>
#include <vector>

#include "model_file.h"
#include "ops/evaluate.h"

namespace twofour::onnx_io {

inline int onnx_type(DType dtype) {
  using Proto = onnx::TensorProto;
  static const std::map<DType, int> types = {{DType::kF32, Proto::FLOAT},   {DType::kF64, Proto::DOUBLE},
                                             {DType::kF16, Proto::FLOAT16}, {DType::kI8, Proto::INT8},
                                             {DType::kU8, Proto::UINT8},    {DType::kI32, Proto::INT32},
                                             {DType::kI64, Proto::INT64}};
  return types.at(dtype);
}

/// Different values in (-1, 1) that depend on `seed`.
inline std::vector<float> numbers(size_t count, double seed) {
  std::vector<float> values(count);
  for (size_t i = 0; i < count; ++i)
    values[i] =
        static_cast<float>(std::sin(1.7 * static_cast<double>(i) + seed * (static_cast<double>(i) + 2)));
  return values;
}
inline Tensor random(const Shape& shape, double seed) {
  return Tensor::of<float>(shape, numbers(static_cast<size_t>(shape.numel()), seed));
}
template <typename T>
Tensor tensor(const Shape& shape, const std::vector<T>& values) {
  return Tensor::of<T>(shape, values);
}
template <typename T>
Tensor scalar(T value) {
  return tensor<T>({}, {value});
}
inline std::vector<float> floats(const Tensor& tensor) {
  const Tensor wide = tensor.to(DType::kF32);
  return {wide.span<float>().begin(), wide.span<float>().end()};
}

inline Tensor row(const std::vector<float>& values) {
  return tensor({static_cast<int64_t>(values.size())}, values);
}
inline Tensor truth(bool value) { return Tensor::of<bool>({}, std::array{value}); }
/// Output 0.
inline std::vector<float> run(const Graph& graph, const std::vector<Tensor>& inputs) {
  return floats(ops::evaluate(graph, inputs)[0]);
}

/// A model of one node, whose inputs are the tensors (undefined: absent) and whose outputs are y0, y1, ...;
/// more attributes can be added before it runs. `constant` inputs become initialisers.
class OneNode {
 public:
  OneNode(const char* domain, const char* op, std::vector<Tensor> inputs, size_t num_outputs = 1,
          const std::vector<size_t>& constant = {}, int64_t opset = 17)
      : file(opset) {
    std::vector<std::string> names, outputs;
    for (size_t i = 0; i < inputs.size(); ++i) {
      names.push_back(inputs[i].defined() ? "x" + std::to_string(i) : "");
      if (!inputs[i].defined()) continue;
      const std::vector<int64_t> dims(inputs[i].shape().begin(), inputs[i].shape().end());
      if (std::ranges::find(constant, i) == constant.end()) {
        file.input(names[i], dims, onnx_type(inputs[i].dtype()));
        inputs_.push_back(inputs[i]);
      } else {
        file.initializer(names[i], dims, onnx_type(inputs[i].dtype()))
            .set_raw_data(inputs[i].raw(), inputs[i].size_bytes());
      }
    }
    for (size_t i = 0; i < num_outputs; ++i) outputs.push_back("y" + std::to_string(i));
    file.node(op, names, outputs, "node").domain(domain);
    for (const std::string& name : outputs) file.output(name);
  }

  std::vector<Tensor> run() const { return ops::evaluate(file.import(), inputs_); }
  std::vector<float> values() const { return floats(run()[0]); }

  ModelFile file;

 private:
  std::vector<Tensor> inputs_;
};

}  // namespace twofour::onnx_io
