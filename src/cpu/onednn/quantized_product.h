// The products inside QuantizedConv and QuantizedMatMul as oneDNN takes them.
#pragma once

#include <optional>

#include "cpu/onednn/conv_problem.h"
#include "ops/quantisation/fused_product.h"

namespace twofour::cpu::onednn {

using namespace ops::product_input;  // NOLINT(google-build-using-namespace): a list of names

/// dst = src * weight: a convolution, or without `conv` a matrix product.
struct QuantizedProduct {
  memory::desc src, weight, dst;  // as they lie outside, with the node's types
  size_t channel_axis = 1;        // of dst
  size_t weight_axis = 0;         // of the weight in the node: its entries are the channels
  int64_t terms = 0;              // of each sum
  std::optional<ConvProblem> conv;

  int64_t channels() const { return dst.dims()[channel_axis]; }
  /// f32: one value per channel, which broadcasts to dst.
  memory::desc per_channel() const;
  /// f32: what `bias` below adds to the sums, one value per channel.
  memory::desc bias() const;
  /// The product of tensors of these types and orders.
  dnnl::primitive_desc make(const memory::desc& of_src, const memory::desc& of_weight,
                            const memory::desc& of_dst, const dnnl::primitive_attr& attr,
                            bool has_bias) const;
};

/// How one of the operators becomes a product.
struct QuantizedOp {
  std::string_view name;
  /// Shapes and formats.
  Support (*accepts)(const NodeDesc& node);
  QuantizedProduct (*product)(const NodeDesc& node);
};

/// What the tactics of such an operator share. A residual lies where the result is written, and every element
/// is read before that.
class QuantizedTactic : public OpTactic {
 public:
  bool packs() const override { return true; }
  bool in_place(const NodeDesc& node, size_t input, size_t output) const override {
    return conv_in_place(node, input, output, kResidual);
  }

 protected:
  /// `op` outlives this.
  QuantizedTactic(std::string name, const QuantizedOp& op) : OpTactic(std::move(name), {op.name}), op_(op) {}

  const QuantizedOp& op_;
};

/// The weight is constant and free of a zero point: it is packed into the order that the primitive prefers.
bool packs_weight(const NodeDesc& node);

/// The zero point of an input, 0 where the node has none.
class ZeroPoint {
 public:
  ZeroPoint() = default;
  ZeroPoint(const NodeDesc& node, size_t input);
  int32_t value(const PackedInputs& inputs, const KernelArgs& args) const;

 private:
  size_t input_ = 0;
  std::optional<DType> dtype_;
};

}  // namespace twofour::cpu::onednn
