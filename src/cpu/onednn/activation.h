// The activation of fused nodes (ops/activation.h) at the end of a oneDNN product. Its post-ops drop NaN:
// their max(NaN, 0) is 0. So they run only where no NaN can arise: where everything that goes into the
// product is so small that no sum overflows, which one pass over the inputs shows. Else the plain product
// runs, and the activation after it.
#pragma once

#include "cpu/onednn/primitive.h"
#include "ops/elementwise/activation.h"

namespace twofour::cpu::onednn {

/// activation(v) * factor.
void append_activation(const ops::Activation& activation, dnnl::post_ops& post_ops, float factor = 1);

/// Whether the products of a node's inputs stay far from overflow, from the magnitudes of the inputs. Holds
/// where nothing was added.
class OverflowGuard {
 public:
  OverflowGuard() = default;
  /// The product sums up `terms` products of one value of each factor; what is added counts `weight` times.
  explicit OverflowGuard(double terms, double weight = 1) : bound_(terms), weight_(weight) {}
  /// Input `i` of the node is multiplied, or else added. A constant is looked at once, here; it has
  /// `packed_count` values where it was packed.
  void add(const NodeDesc& node, const PackedInputs& inputs, size_t i, bool factor, int64_t packed_count = 0);
  bool holds(const PackedInputs& inputs, const KernelArgs& args) const;

 private:
  struct Operand {
    size_t input;
    bool factor;
    DType dtype;
    int64_t count;
  };
  bool counts(double magnitude, bool factor, double& bound) const;

  double bound_ = 1;  // of the products, from what is constant
  double weight_ = 1;
  bool never_ = false;  // a constant is too large
  std::vector<Operand> operands_;
};

/// A product that ends in an activation.
class ActivatedPrimitive {
 public:
  ActivatedPrimitive() = default;
  /// `fused` has the post-ops of append_activation. The scratchpad is booked in `layout`.
  template <typename PrimitiveDesc>
  ActivatedPrimitive(const ops::Activation& activation, const PrimitiveDesc& fused, ScratchLayout& layout)
      : activation_(activation), fused_(fused, layout), dst_(fused.dst_desc()) {}
  /// `plain()` gives the same product without the activation, in the same orders of memory: for runs that are
  /// not safe.
  template <typename MakePlain>
  void add_plain(const MakePlain& plain, ScratchLayout& layout) {
    if (drops_nan()) plain_ = {plain(), layout};
  }

  bool drops_nan() const {
    return activation_.kind != ops::Activation::Kind::kNone &&
           activation_.kind != ops::Activation::Kind::kLeakyRelu;
  }
  /// Writes the product to `dst`, which `arguments` name too. `safe`: no NaN can arise.
  void run(Arguments arguments, bool safe, std::byte* scratch, void* dst) const;

 private:
  ops::Activation activation_;
  Primitive fused_, plain_;
  memory::desc dst_;
};

}  // namespace twofour::cpu::onednn
