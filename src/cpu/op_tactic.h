// What the tactics of this backend share: a base class that knows its operators, refusals that most of them
// need, and a kernel made of a function.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "backend/tactic.h"
#include "base/align.h"

namespace twofour::cpu {

using backend::declined;
using backend::Format;
using backend::Kernel;
using backend::KernelArgs;
using backend::NodeDesc;
using backend::Reason;
using backend::Support;
using backend::supported;
using backend::TensorDesc;

/// A tactic for a fixed set of operators; supports() declines others and leaves the rest to accepts().
class OpTactic : public backend::Tactic {
 public:
  Support supports(const NodeDesc& node) const final {
    return std::ranges::find(ops_, node.op) == ops_.end() ? declined(Reason::kNotThisOp) : accepts(node);
  }

 protected:
  OpTactic(std::string name, std::vector<std::string_view> ops)
      : Tactic(std::move(name)), ops_(std::move(ops)) {}
  OpTactic(const OpTactic& base, std::string_view parameters) : Tactic(base, parameters), ops_(base.ops_) {}
  virtual Support accepts(const NodeDesc& node) const = 0;

 private:
  std::vector<std::string_view> ops_;
};

/// The first refusal, or yes.
inline Support all_of(std::initializer_list<Support> answers) {
  for (const Support& answer : answers)
    if (!answer) return answer;
  return supported();
}

/// One element order serves both formats: one channel or one pixel.
bool is_order_neutral(const TensorDesc& desc);
/// The format of the 4-D tensors that have an order; kPlain when there are none. Nothing when they differ.
Support one_format(const NodeDesc& node, Format* format);
inline Support any_one_format(const NodeDesc& node) {
  Format format;
  return one_format(node, &format);
}
/// Every tensor is in plain order (or neutral).
Support all_plain(const NodeDesc& node);
/// Every tensor that is present is of that type.
Support all_of_type(const NodeDesc& node, DType dtype);
inline Support all_f32(const NodeDesc& node) { return all_of_type(node, DType::kF32); }
/// No tensor is empty.
Support none_empty(const NodeDesc& node);
bool same_layout(const TensorDesc& a, const TensorDesc& b);
/// Sums of so many products of 8-bit codes, less zero points, fit into 32 bits.
Support code_sums_fit(int64_t terms);

/// The inputs of a tactic that packs: pack() gives one tensor per constant input, in order.
class PackedInputs {
 public:
  PackedInputs() = default;
  /// Nothing is packed.
  explicit PackedInputs(const NodeDesc& node) : tensors_(node.inputs.size()) {}
  /// What was packed of a weight has so many bytes in an order of the tactic's own; the other constants are
  /// as the node describes them. Throws Error{kDataCorrupt} when that is not so.
  struct Weight {
    size_t input, bytes;
  };
  PackedInputs(const NodeDesc& node, std::span<const Tensor> packed, std::initializer_list<Weight> weights);
  /// Input i: packed, or of this run.
  const std::byte* at(const KernelArgs& args, size_t i) const {
    return tensors_[i].defined() ? tensors_[i].raw() : args.src[i];
  }
  bool is_packed(size_t i) const { return tensors_[i].defined(); }

 private:
  std::vector<Tensor> tensors_;
};

/// What make_packed() gives for PackedInputs: of every constant input, in order, what pack(input, data) makes
/// of it.
template <typename Pack>
std::vector<Tensor> pack_constants(const NodeDesc& node, const Pack& pack) {
  std::vector<Tensor> packed;
  for (size_t i = 0; i < node.inputs.size(); ++i)
    if (node.is_constant(i)) packed.push_back(pack(i, node.inputs[i].data));
  return packed;
}

/// Sizes with offsets of parts of a kernel's scratch memory.
class ScratchLayout {
 public:
  /// The offset of `bytes` bytes, 64-byte aligned.
  size_t add(size_t bytes) {
    const size_t offset = size_;
    size_ += round_up(bytes, 64);
    return offset;
  }
  size_t size() const { return size_; }

 private:
  size_t size_ = 0;
};

/// A kernel that is a function object taking KernelArgs.
template <typename Fn>
class FunctionKernel final : public Kernel {
 public:
  FunctionKernel(Fn fn, size_t scratch_bytes) : fn_(std::move(fn)), scratch_bytes_(scratch_bytes) {}
  size_t scratch_bytes() const override { return scratch_bytes_; }
  void run(const KernelArgs& args) const override { fn_(args); }

 private:
  Fn fn_;
  size_t scratch_bytes_;
};
template <typename Fn>
std::unique_ptr<Kernel> make_kernel(Fn fn, size_t scratch_bytes = 0) {
  return std::make_unique<FunctionKernel<Fn>>(std::move(fn), scratch_bytes);
}

}  // namespace twofour::cpu
