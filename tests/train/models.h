// Small networks with the shapes that matter: odd sizes, strides, batch norm, a shortcut with a projection.
#pragma once

#include "ops/builder.h"
#include "step_runner.h"

namespace twofour::train {

/// Adds trainable weights with values that no symmetry makes special.
class ModelMaker {
 public:
  explicit ModelMaker(const Shape& image_shape) : builder_(graph_) {
    Dims dims = {Dim::named("N")};
    for (const int64_t dim : image_shape) dims.emplace_back(dim);
    images_ = graph_.add_input("images", {DType::kF32, dims});
  }

  Value* images() const { return images_; }
  ops::Builder& builder() { return builder_; }

  Value* weight(const std::string& name, const Shape& shape, float low = -0.5F, float high = 0.5F) {
    Value* value = builder_.constant(name, random_tensor(shape, ++seed_, low, high));
    value->set_trainable(true);
    return value;
  }
  Value* conv(Value* src, const std::string& name, int64_t k, int64_t kernel, int64_t stride,
              bool bias = false) {
    const int64_t c = src->dims()[1].value;
    const int64_t pad = kernel / 2;
    return builder_.op(
        "Conv",
        {src, weight(name + ".weight", {k, c, kernel, kernel}), bias ? weight(name + ".bias", {k}) : nullptr},
        {{"kernel_shape", std::vector<int64_t>{kernel, kernel}},
         {"strides", std::vector<int64_t>{stride, stride}},
         {"pads", std::vector<int64_t>{pad, pad, pad, pad}}},
        name);
  }
  Value* norm(Value* src, const std::string& name) {
    const int64_t c = src->dims()[1].value;
    return builder_.op("BatchNormalization",
                       {src, weight(name + ".weight", {c}, 0.5F, 1.5F), weight(name + ".bias", {c}),
                        weight(name + ".mean", {c}), weight(name + ".var", {c}, 0.5F, 1.5F)},
                       {{"epsilon", 1e-3F}, {"momentum", 0.8F}}, name);
  }
  Value* relu(Value* src, const std::string& name) { return builder_.op("Relu", {src}, {}, name); }
  Value* linear(Value* src, const std::string& name, int64_t out) {
    return builder_.op(
        "Gemm", {src, weight(name + ".weight", {out, src->dims()[1].value}), weight(name + ".bias", {out})},
        {{"transB", int64_t{1}}}, name);
  }
  Value* global_pool(Value* src) {
    return builder_.op("Flatten", {builder_.op("GlobalAveragePool", {src}, {}, "pool")}, {}, "flat");
  }
  Value* max_pool(Value* src, const std::string& name) {
    return builder_.op(
        "MaxPool", {src},
        {{"kernel_shape", std::vector<int64_t>{2, 2}}, {"strides", std::vector<int64_t>{2, 2}}}, name);
  }
  Graph finish(Value* scores) {
    graph_.set_outputs({scores});
    return std::move(graph_);
  }

 private:
  Graph graph_{"test"};
  ops::Builder builder_;
  Value* images_;
  uint64_t seed_ = 100;
};

/// images [N,7] -> 5 -> 3, with a ReLU.
inline Graph make_mlp() {
  ModelMaker m({7});
  return m.finish(m.linear(m.relu(m.linear(m.images(), "fc1", 5), "relu"), "fc2", 3));
}

/// conv 3x3 + bias, ReLU, max pool, conv, ReLU, flatten, linear on 2x9x7 images.
inline Graph make_lenet() {
  ModelMaker m({2, 9, 7});
  Value* v = m.max_pool(m.relu(m.conv(m.images(), "conv1", 4, 3, 1, true), "relu1"), "pool1");
  v = m.relu(m.conv(v, "conv2", 5, 3, 1, true), "relu2");
  return m.finish(m.linear(m.builder().op("Flatten", {v}, {}, "flat"), "fc", 4));
}

/// A basic block with stride 2 and a projection shortcut on 3x7x5 images, global pooling and a classifier.
inline Graph make_block() {
  ModelMaker m({3, 7, 5});
  Value* v = m.relu(m.norm(m.conv(m.images(), "conv1", 6, 3, 2), "bn1"), "relu1");
  v = m.norm(m.conv(v, "conv2", 6, 3, 1), "bn2");
  Value* shortcut = m.norm(m.conv(m.images(), "down", 6, 1, 2), "down_bn");
  v = m.relu(m.builder().op("Add", {v, shortcut}, {}, "add"), "relu2");
  return m.finish(m.linear(m.global_pool(v), "fc", 4));
}

}  // namespace twofour::train
