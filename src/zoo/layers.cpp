#include "zoo/layers.h"

#include <algorithm>
#include <cmath>

#include "base/parallel.h"
#include "base/rng.h"

namespace twofour::zoo {
namespace {

std::vector<int64_t> square(int64_t size) { return {size, size}; }
std::vector<int64_t> all_sides(int64_t size) { return {size, size, size, size}; }

int64_t channels(const Value* src) { return src->dims()[1].value; }

// One random stream per row keeps the values independent of how threads share the rows.
Tensor normal_tensor(const Shape& shape, float deviation, uint64_t seed) {
  Tensor tensor(DType::kF32, shape);
  const auto values = tensor.span<float>();
  const int64_t row_size = shape.numel(1, shape.rank());
  parallel_ranges(shape[0], 1, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      Rng rng = Rng::stream(seed, static_cast<uint64_t>(row));
      for (float& v : values.subspan(static_cast<size_t>(row * row_size), static_cast<size_t>(row_size)))
        v = deviation * rng.normal();
    }
  });
  return tensor;
}

}  // namespace

Value* Layers::weight(const std::string& name, Shape shape, float deviation) {
  const uint64_t seed = Rng::stream(seed_, num_weights_++).next();
  Value* value = builder_.constant(name, normal_tensor(shape, deviation, seed));
  value->set_trainable(true);
  return value;
}

Value* Layers::filled(const std::string& name, int64_t size, float value) {
  Tensor tensor(DType::kF32, {size});
  std::ranges::fill(tensor.span<float>(), value);
  Value* constant = builder_.constant(name, std::move(tensor));
  constant->set_trainable(true);
  return constant;
}

Value* Layers::conv_node(Value* src, const std::string& name, Value* weight, Value* bias, Attrs attrs) {
  attrs.set("kernel_shape", square(weight->dims()[2].value));
  return builder_.op("Conv", {src, weight, bias}, std::move(attrs), name);
}

Value* Layers::conv(Value* src, const std::string& name, int64_t k, int64_t kernel, int64_t stride,
                    int64_t pad, int64_t groups) {
  const float deviation = std::sqrt(2.0F / static_cast<float>(k / groups * kernel * kernel));
  Value* w = weight(name + ".weight", {k, channels(src) / groups, kernel, kernel}, deviation);
  Attrs attrs = {{"strides", square(stride)}, {"pads", all_sides(pad)}};
  if (groups > 1) attrs.set("group", groups);
  return conv_node(src, name, w, nullptr, std::move(attrs));
}

Value* Layers::conv_bias(Value* src, const std::string& name, int64_t k, int64_t kernel, int64_t pad) {
  const float deviation = std::sqrt(2.0F / static_cast<float>(k * kernel * kernel));
  Value* w = weight(name + ".weight", {k, channels(src), kernel, kernel}, deviation);
  return conv_node(src, name, w, filled(name + ".bias", k, 0),
                   {{"strides", square(1)}, {"pads", all_sides(pad)}});
}

Value* Layers::batch_norm(Value* src, const std::string& name) {
  const int64_t c = channels(src);
  return builder_.op("BatchNormalization",
                     {src, filled(name + ".weight", c, 1), filled(name + ".bias", c, 0),
                      filled(name + ".running_mean", c, 0), filled(name + ".running_var", c, 1)},
                     {{"epsilon", 1e-5F}, {"momentum", 0.9F}}, name);
}

Value* Layers::max_pool(Value* src, const std::string& name, int64_t kernel, int64_t stride, int64_t pad) {
  return builder_.op(
      "MaxPool", {src},
      {{"kernel_shape", square(kernel)}, {"strides", square(stride)}, {"pads", all_sides(pad)}}, name);
}

Value* Layers::global_pool(Value* src, const std::string& name) {
  return flatten(builder_.op("GlobalAveragePool", {src}, {}, name), "flatten");
}

Value* Layers::linear(Value* src, const std::string& name, int64_t out, float gain) {
  const int64_t in = channels(src);
  Value* w = weight(name + ".weight", {out, in}, std::sqrt(gain / static_cast<float>(in)));
  return builder_.op("Gemm", {src, w, filled(name + ".bias", out, 0)}, {{"transB", int64_t{1}}}, name);
}

}  // namespace twofour::zoo
