#include "passes/affine.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "passes/match.h"

namespace twofour::passes {
namespace {

Affine affine_of_norm(const Node& norm) {
  std::array<Tensor, 4> inputs;  // scale, bias, mean, variance
  for (size_t i = 0; i < 4; ++i) inputs[i] = norm.input(i + 1)->data().to(DType::kF32);
  const auto value = [&](size_t i, size_t k) { return static_cast<double>(inputs[i].span<float>()[k]); };
  const double epsilon = norm.attrs().f("epsilon", 1e-5F);
  Affine affine;
  for (size_t k = 0; k < inputs[0].span<float>().size(); ++k) {
    affine.factor.push_back(value(0, k) / std::sqrt(value(3, k) + epsilon));
    affine.offset.push_back(value(1, k) - value(2, k) * affine.factor[k]);
  }
  return affine;
}

bool is_constant_norm(const Node& node) {
  const auto constant = [](const Value* v) { return v->is_constant(); };
  return node.op() == "BatchNormalization" && node.outputs().size() == 1 &&
         std::all_of(node.inputs().begin() + 1, node.inputs().end(), constant);
}

bool is_binary(const Node& node, const Value* left) {
  return node.op() == "Add" || node.op() == "Mul" || (node.op() == "Div" && node.input(0) == left);
}

}  // namespace

bool is_per_channel(const Shape& shape, size_t rank, const Channels& channels) {
  if (shape.rank() > rank) return false;
  if (shape.numel() == 1) return true;
  const size_t at = channels.axis + shape.rank();
  return shape.numel() == channels.count && at >= rank && shape[at - rank] == channels.count;
}

std::optional<Affine> affine_of(const Node& node, const Value* value, const Channels& channels) {
  if (is_constant_norm(node)) return channels.axis == 1 ? std::optional(affine_of_norm(node)) : std::nullopt;
  if (!is_binary(node, value) || !is_float(node.output()->dtype())) return std::nullopt;
  const Value* constant = other_input(node, value);
  if (!constant->is_constant() || !is_per_channel(constant->data().shape(), value->rank(), channels))
    return std::nullopt;
  const auto count = static_cast<size_t>(channels.count);
  const Tensor wide = constant->data().to(DType::kF32);
  Affine affine{.factor = std::vector<double>(count, 1), .offset = std::vector<double>(count, 0)};
  for (size_t k = 0; k < count; ++k) {
    const double number = wide.span<float>()[wide.numel() == 1 ? 0 : k];
    if (node.op() == "Add") affine.offset[k] = number;
    else affine.factor[k] = node.op() == "Mul" ? number : 1 / number;
  }
  return affine;
}

Tensor folded_bias(const Value* bias, double beta, const Affine& affine, DType dtype) {
  const Tensor old = bias ? bias->data().to(DType::kF32) : Tensor::scalar(0);
  const auto from = old.span<float>();
  Tensor result(DType::kF32, {static_cast<int64_t>(affine.factor.size())});
  for (size_t k = 0; k < affine.factor.size(); ++k)
    result.span<float>()[k] = static_cast<float>(
        affine.factor[k] * beta * static_cast<double>(from[from.size() == 1 ? 0 : k]) + affine.offset[k]);
  return result.to(dtype);
}

bool all_finite(const Tensor& tensor) {
  return std::ranges::all_of(tensor.to(DType::kF32).span<float>(), [](float v) { return std::isfinite(v); });
}

}  // namespace twofour::passes
