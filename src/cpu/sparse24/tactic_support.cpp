#include "cpu/sparse24/tactic_support.h"

#include "cpu/sparse24/bf16_output.h"

namespace twofour::cpu {
namespace {

constexpr size_t kInput = 0, kWeight = 1, kBias = 2;

}  // namespace

ProductKind product_kind(const NodeDesc& node) {
  return node.inputs[kInput].desc.dtype == DType::kBF16 ? ProductKind::kBf16 : ProductKind::kF32;
}

bool add_f32_epilogue(const NodeDesc& node, bool residual, Epilogue& epilogue) {
  using Kind = ops::Activation::Kind;
  const ops::Activation activation = ops::activation_from(node.attrs);
  epilogue.residual = residual;
  if (activation.kind == Kind::kRelu) epilogue.activation = Activation::kRelu;
  if (activation.kind == Kind::kClip) {
    epilogue.activation = Activation::kClip;
    epilogue.lo = activation.low;
    epilogue.hi = activation.high;
  }
  return activation.kind == Kind::kNone || epilogue.activation != Activation::kNone;
}

std::unique_ptr<LateOutput> add_real_epilogue(const NodeDesc& node, bool residual, int64_t group_rows,
                                              Epilogue& epilogue) {
  const bool bounds = add_f32_epilogue(node, residual, epilogue);
  if (product_kind(node) == ProductKind::kF32) return nullptr;
  epilogue.bf16_result = bounds && group_rows % lane_values(ProductKind::kBf16) == 0;
  if (epilogue.bf16_result) return nullptr;
  epilogue.activation = Activation::kNone;
  return std::make_unique<Bf16Output>(node.attrs);
}

LateActivation::LateActivation(const NodeDesc& node)
    : activation_(ops::activation_from(node.attrs)), numel_(node.outputs[0].shape.numel()) {
  using Kind = ops::Activation::Kind;
  if (activation_.kind == Kind::kRelu || activation_.kind == Kind::kClip) activation_.kind = Kind::kNone;
}

std::vector<Tensor> packed_weight(const NodeDesc& node, const backend::Sparse24Matrix& matrix) {
  const auto sizes = [](const auto& v) { return Shape{static_cast<int64_t>(v.size())}; };
  const DType dtype = node.inputs[kWeight].desc.dtype;
  std::vector<Tensor> packed = {Tensor::of<float>(sizes(matrix.values), matrix.values).to(dtype),
                                Tensor::of<uint8_t>(sizes(matrix.indices), matrix.indices)};
  if (node.has_input(kBias)) packed.push_back(as_f32(node.inputs[kBias].data).reshaped({matrix.m}));
  return packed;
}

PackedWeight unpack(const NodeDesc& node, std::span<const Tensor> packed, int64_t m, int64_t k) {
  const DType dtype = node.inputs[kWeight].desc.dtype;
  const bool has_bias = node.has_input(kBias);
  const bool complete = packed.size() == (has_bias ? 3 : 2) && packed[0].dtype() == dtype &&
                        packed[1].dtype() == DType::kU8 &&
                        (!has_bias || (packed[2].dtype() == DType::kF32 && packed[2].numel() == m));
  TWOFOUR_CHECK(complete, kDataCorrupt, "{} needs packed 2:4 values and indices{}", node.label(),
                has_bias ? fmt::format(" and a bias of {} values", m) : "");
  const auto bias = has_bias ? packed[2].span<float>() : std::span<float>();
  PackedWeight result{as_f32(packed[0]), {}, {}};
  result.matrix = {m, k, result.values.span<float>(), packed[1].span<uint8_t>()};
  result.epilogue.bias.assign(bias.begin(), bias.end());
  return result;
}

Support sparse24_node_ok(const NodeDesc& node, ProductKind kind) {
  const DType dtype = kind == ProductKind::kBf16 ? DType::kBF16 : DType::kF32;
  if (Support no = all_of({all_of_type(node, dtype), none_empty(node)}); !no) return no;
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

Support sparse24_form(int64_t m, int64_t k, ProductKind kind) {
  if (kind != ProductKind::kF32 && max_isa() >= Isa::kAmx) return declined(Reason::kAmx);
  Support code = sparse24_code_ok(m, k / lane_values(kind), {.kind = kind});
  if (code || kind != ProductKind::kF32 || code.reason == Reason::kCodeBudget) return code;
  return {Reason::kNone, "from lists, without code: " + code.to_string()};
}

}  // namespace twofour::cpu
