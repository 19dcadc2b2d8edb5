// Recurrent layers in every form, except for their products with the weights: directions, lengths, chunks of
// steps, states and cells. Weights are packed for the products, when they are constant in the engine and
// otherwise in scratch memory. The products with X run for many steps at once, those with h step by step for
// the whole batch.
#pragma once

#include "cpu/native/recurrent/recurrent_problem.h"

namespace twofour::cpu {

/// How products read W and R, all directions; `weight` is kW or kR.
struct RecurrentPacking {
  size_t (*bytes)(const RecurrentProblem& problem, size_t weight);
  void (*pack)(const RecurrentProblem& problem, size_t weight, const std::byte* data, std::byte* packed);
};

class RecurrentKernel : public Kernel {
 public:
  size_t scratch_bytes() const final { return layout_.size(); }
  void run(const KernelArgs& args) const final;

 protected:
  /// `packing` outlives this.
  RecurrentKernel(const NodeDesc& node, std::span<const Tensor> packed, const RecurrentPacking& packing);

  /// Rows of a matrix whose columns are those of all gates, or of some.
  struct GateRows {
    float* data;
    int64_t step;
  };
  /// Rows of X as it lies in memory: each is an item at one time.
  struct InputRows {
    int64_t first, step, count;
  };
  /// Once in each run, before the products.
  virtual void prepare(const KernelArgs& args) const = 0;
  /// gates += X W^T for all gates.
  virtual void add_input(const KernelArgs& args, int64_t dir, const InputRows& x,
                         const GateRows& gates) const = 0;
  /// gates += h R^T for gates [from, to).
  virtual void add_recurrent(const KernelArgs& args, int64_t dir, const ProductRows& h, int64_t from,
                             int64_t to, const GateRows& gates) const = 0;

  const RecurrentProblem& problem() const { return problem_; }
  /// The offset of scratch memory.
  size_t book(size_t bytes) { return layout_.add(bytes); }
  /// Null when it is absent.
  const std::byte* input(const KernelArgs& args, size_t i) const {
    return i < args.src.size() ? inputs_.at(args, i) : nullptr;
  }
  /// Packed.
  const std::byte* weight(const KernelArgs& args, size_t i) const {
    return inputs_.is_packed(i) ? inputs_.at(args, i) : args.scratch + (i == RecurrentProblem::kW ? w_ : r_);
  }

 private:
  class Run;

  RecurrentProblem problem_;
  PackedInputs inputs_;
  const RecurrentPacking& packing_;
  size_t outputs_;
  bool long_lengths_;
  int64_t chunk_;  // steps
  ScratchLayout layout_;
  size_t w_, r_, gates_, h_, c_, kept_, bias_;
};

class RecurrentTactic : public OpTactic {
 public:
  bool packs() const final { return true; }
  std::string packed_form(const NodeDesc&) const final { return ""; }
  std::vector<Tensor> make_packed(const NodeDesc& node) const final;

 protected:
  /// `packing` outlives this.
  RecurrentTactic(std::string name, std::vector<std::string_view> ops, const RecurrentPacking& packing)
      : OpTactic(std::move(name), std::move(ops)), packing_(packing) {}

 private:
  const RecurrentPacking& packing_;
};

}  // namespace twofour::cpu
