// What follows the integer sums of QuantizedConv and QuantizedMatMul, as attributes and arguments of a
// primitive on codes: scale and bias, residual, activation, and the codes of the result.
#pragma once

#include "cpu/onednn/activation.h"
#include "cpu/onednn/quantized_product.h"

namespace twofour::cpu::onednn {

/// Scale and bias are baked: the primitive adds bias / scale to the sums and multiplies by a constant scale.
/// Otherwise post-ops read them at run time, which takes 10 to 60 % more time.
bool bakes_scale(const NodeDesc& node);

/// The constants of a node that bakes_scale(): bias / scale (f32), the scale of each channel (f32 as bytes),
/// and a weight of zeros where only the bias counts: the scale there is 0, or next to it, and becomes 1.
struct BakedConstants {
  Tensor weight, scale, bias;
};
BakedConstants bake(const NodeDesc& node, const QuantizedProduct& product);

/// The attributes with `activation`. `scales`: baked ones, one for each channel; any numbers will do to learn
/// orders of memory.
dnnl::primitive_attr epilogue_attributes(const NodeDesc& node, const QuantizedProduct& product,
                                         std::span<const float> scales, const ops::Activation& activation);

/// What a primitive with those attributes reads beside src, weight and dst. The library has no products of
/// u8 weights: it gets them less 128.
class EpilogueArguments {
 public:
  EpilogueArguments(const NodeDesc& node, const QuantizedProduct& product, ScratchLayout& layout);
  void read(Arguments& arguments, const PackedInputs& inputs, const KernelArgs& args) const;

 private:
  struct Vector {
    int argument;
    size_t input;
    memory::desc desc;
  };
  struct Offset {
    int argument;
    ZeroPoint zero_point;
    int32_t shift;   // is added to it
    size_t scratch;  // where the library reads the sum
  };
  std::vector<Vector> vectors_;
  std::vector<Offset> offsets_;
  memory::desc one_number_;
};

}  // namespace twofour::cpu::onednn
