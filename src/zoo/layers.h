// Layers: the vocabulary in which the networks are written. Each call adds one layer with its weights.
#pragma once

#include <string>

#include "ops/builder.h"

namespace twofour::zoo {

class Layers {
 public:
  Layers(Graph& graph, uint64_t seed) : builder_(graph), seed_(seed) {}

  /// Square kernel, no bias, weight [K,C/groups,R,R].
  Value* conv(Value* src, const std::string& name, int64_t k, int64_t kernel, int64_t stride, int64_t pad,
              int64_t groups = 1);
  Value* conv_bias(Value* src, const std::string& name, int64_t k, int64_t kernel, int64_t pad);
  Value* batch_norm(Value* src, const std::string& name);
  Value* relu(Value* src, const std::string& name) { return builder_.op("Relu", {src}, {}, name); }
  Value* add(Value* a, Value* b, const std::string& name) { return builder_.op("Add", {a, b}, {}, name); }
  Value* max_pool(Value* src, const std::string& name, int64_t kernel, int64_t stride, int64_t pad);
  /// Mean over H and W, then [N,C].
  Value* global_pool(Value* src, const std::string& name);
  Value* flatten(Value* src, const std::string& name) { return builder_.op("Flatten", {src}, {}, name); }
  /// src [N,in] to [N,out]; weight [out,in] with variance gain/in: gain 2 before a ReLU, 1 for the
  /// classifier.
  Value* linear(Value* src, const std::string& name, int64_t out, float gain);

  /// Trainable: normally distributed around 0, and `size` times one value.
  Value* weight(const std::string& name, Shape shape, float deviation);
  Value* filled(const std::string& name, int64_t size, float value);
  ops::Builder& builder() { return builder_; }

 private:
  Value* conv_node(Value* src, const std::string& name, Value* weight, Value* bias, Attrs attrs);

  ops::Builder builder_;
  uint64_t seed_;
  uint64_t num_weights_ = 0;
};

}  // namespace twofour::zoo
