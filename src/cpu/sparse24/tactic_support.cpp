#include "cpu/sparse24/tactic_support.h"

#include <cstring>

namespace twofour::cpu {
namespace {

constexpr size_t kInput = 0, kWeight = 1, kBias = 2;

}  // namespace

void add_f32_epilogue(const NodeDesc& node, bool residual, Epilogue& epilogue) {
  epilogue.residual = residual;
  const std::string activation = node.attrs.s("activation", "none");
  if (activation == "relu") epilogue.activation = Activation::kRelu;
  if (activation != "clip") return;
  epilogue.activation = Activation::kClip;
  epilogue.lo = node.attrs.f("clip_low", 0);
  epilogue.hi = node.attrs.f("clip_high", 0);
}

LateActivation::LateActivation(const NodeDesc& node)
    : activation_(ops::activation_from(node.attrs)), numel_(node.outputs[0].shape.numel()) {
  using Kind = ops::Activation::Kind;
  if (activation_.kind == Kind::kRelu || activation_.kind == Kind::kClip) activation_.kind = Kind::kNone;
}

std::vector<Tensor> packed_weight(const backend::Sparse24Matrix& matrix, const Tensor& bias) {
  const auto sizes = [](const auto& v) { return Shape{static_cast<int64_t>(v.size())}; };
  std::vector<Tensor> packed = {Tensor::of<float>(sizes(matrix.values), matrix.values),
                                Tensor::of<uint8_t>(sizes(matrix.indices), matrix.indices)};
  if (bias.defined()) packed.push_back(bias);
  return packed;
}

PackedWeight unpack(const NodeDesc& node, std::span<const Tensor> packed, int64_t m, int64_t k,
                    bool residual) {
  const bool has_bias = node.has_input(kBias);
  const bool complete = packed.size() == (has_bias ? 3 : 2) && packed[0].dtype() == DType::kF32 &&
                        packed[1].dtype() == DType::kU8 &&
                        (!has_bias || (packed[2].dtype() == DType::kF32 && packed[2].numel() == m));
  TWOFOUR_CHECK(complete, kDataCorrupt, "{} needs packed 2:4 values and indices{}", node.label(),
                has_bias ? fmt::format(" and a bias of {} values", m) : "");
  const auto bias = has_bias ? packed[2].span<float>() : std::span<float>();
  PackedWeight result{{m, k, packed[0].span<float>(), packed[1].span<uint8_t>()}, {}};
  result.epilogue.bias.assign(bias.begin(), bias.end());
  add_f32_epilogue(node, residual, result.epilogue);
  return result;
}

Support sparse24_node_ok(const NodeDesc& node) {
  if (Support no = all_of({all_f32(node), none_empty(node)}); !no) return no;
  if (node.is_constant(kInput)) return declined(Reason::kShape, "every input is constant");
  if (!node.is_constant(kWeight)) return declined(Reason::kWeightNotConstant);
  if (node.has_input(kBias) && !node.is_constant(kBias)) return declined(Reason::kWeightNotConstant, "bias");
  return supported();
}

Support sparse24_pattern_ok(const std::variant<backend::Sparse24Matrix, backend::Sparse24Violation>& result) {
  const auto* violation = std::get_if<backend::Sparse24Violation>(&result);
  if (!violation) return supported();
  return declined(Reason::kNotSparse, fmt::format("row {}, block {}", violation->row, violation->block));
}

Support sparse24_form(int64_t m, int64_t k) {
  Support code = sparse24_code_ok(m, k);
  if (code || code.reason == Reason::kCodeBudget) return code;
  return {Reason::kNone, "from lists, without code: " + code.to_string()};
}

}  // namespace twofour::cpu
