#include "cpu/onednn/activation.h"

#include <cmath>

#include "cpu/native/elementwise/activation.h"
#include "cpu/native/reduction/magnitude.h"

namespace twofour::cpu::onednn {
namespace {

/// Far below the largest float: Winograd's transforms and activations multiply a little more.
constexpr double kSafe = 1e30;

/// In place, bf16 by pieces in f32.
void activate(const ops::Activation& activation, DType dtype, void* data, int64_t count) {
  if (dtype == DType::kF32) {
    auto* values = static_cast<float*>(data);
    return apply_activation(activation, values, values, count);
  }
  constexpr size_t kPiece = 1024;
  std::array<float, kPiece> wide;
  const std::span all(static_cast<bf16*>(data), static_cast<size_t>(count));
  for (size_t at = 0; at < all.size(); at += kPiece) {
    const auto piece = all.subspan(at, std::min(kPiece, all.size() - at));
    convert(piece, std::span(wide).first(piece.size()));
    apply_activation(activation, wide.data(), wide.data(), static_cast<int64_t>(piece.size()));
    convert(std::span<const float>(wide).first(piece.size()), piece);
  }
}

}  // namespace

void append_activation(const ops::Activation& activation, dnnl::post_ops& post_ops, float factor) {
  using Kind = ops::Activation::Kind;
  using dnnl::algorithm;
  const auto append = [&](algorithm name, float alpha = 0, float beta = 0) {
    post_ops.append_eltwise(factor, name, alpha, beta);
  };
  switch (activation.kind) {
    case Kind::kNone:
      if (factor != 1) append(algorithm::eltwise_linear, 1);
      return;
    case Kind::kRelu: return append(algorithm::eltwise_relu);
    case Kind::kClip: return append(algorithm::eltwise_clip, activation.low, activation.high);
    case Kind::kLeakyRelu: return append(algorithm::eltwise_relu, activation.low);
    case Kind::kSigmoid: return append(algorithm::eltwise_logistic);
    case Kind::kTanh: return append(algorithm::eltwise_tanh);
    case Kind::kSwish: return append(algorithm::eltwise_swish, activation.low);
    case Kind::kHardSigmoid:
      post_ops.append_eltwise(1, algorithm::eltwise_linear, activation.low, activation.high);
      return append(algorithm::eltwise_clip, 0, 1);
    case Kind::kHardSwish: return append(algorithm::eltwise_hardswish);
    case Kind::kGelu: return append(algorithm::eltwise_gelu_erf);
  }
}

/// Takes one operand into the bound; false when it is too large, or NaN.
bool OverflowGuard::counts(double magnitude, bool factor, double& bound) const {
  if (!factor) return magnitude * weight_ < kSafe;
  bound *= magnitude;
  return magnitude < kSafe && bound < kSafe;
}

void OverflowGuard::add(const NodeDesc& node, const PackedInputs& inputs, size_t i, bool factor,
                        int64_t packed_count) {
  if (!node.has_input(i)) return;
  const TensorDesc& desc = node.inputs[i].desc;
  const int64_t count = desc.shape.numel();
  const Tensor& data = node.inputs[i].data;
  if (inputs.is_packed(i))
    never_ |= !counts(greatest_magnitude(desc.dtype, inputs.at({}, i), packed_count ? packed_count : count),
                      factor, bound_);
  else if (node.is_constant(i) && data.defined())
    never_ |= !counts(greatest_magnitude(desc.dtype, data.raw(), count), factor, bound_);
  else operands_.push_back({i, factor, desc.dtype, count});
}

bool OverflowGuard::holds(const PackedInputs& inputs, const KernelArgs& args) const {
  double bound = bound_;
  return !never_ && std::ranges::all_of(operands_, [&](const Operand& operand) {
    return counts(greatest_magnitude(operand.dtype, inputs.at(args, operand.input), operand.count),
                  operand.factor, bound);
  });
}

void ActivatedPrimitive::run(Arguments arguments, bool safe, std::byte* scratch, void* dst) const {
  if (safe || !drops_nan()) return fused_.run(std::move(arguments), scratch);
  plain_.run(std::move(arguments), scratch);
  const DType dtype = dst_.data_type() == memory::data_type::bf16 ? DType::kBF16 : DType::kF32;
  activate(activation_, dtype, dst, static_cast<int64_t>(bytes_of(dst_) / dtype_size(dtype)));
}

}  // namespace twofour::cpu::onednn
