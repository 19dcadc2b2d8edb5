// Tactics that run Neg and may fail at it, and a network for them.
#pragma once

#include "backend/reference_tactic.h"
#include "builder/builder.h"
#include "ops/builder.h"
#include "support/listed_backend.h"

namespace twofour::builder {

/// Runs Neg on four floats and throws after so many runs; never: -1.
class MoodyTactic final : public backend::Tactic {
 public:
  explicit MoodyTactic(std::string name, int good_runs, bool sparse = false)
      : Tactic(std::move(name)), good_runs_(good_runs), sparse_(sparse) {}
  bool is_sparse() const override { return sparse_; }
  backend::Support supports(const backend::NodeDesc& node) const override {
    return node.op == "Neg" ? backend::supported() : declined(backend::Reason::kNotThisOp);
  }

 protected:
  class MoodyKernel final : public backend::Kernel {
   public:
    explicit MoodyKernel(int good_runs) : left_(good_runs) {}
    void run(const backend::KernelArgs& args) const override {
      if (left_-- == 0) fail(ErrorCode::kInvalidArgument, "not with this data");
      for (int i = 0; i < 4; ++i) args.out<float>()[i] = -args.in<float>(0)[i];
    }

   private:
    mutable int left_;
  };
  std::unique_ptr<backend::Kernel> make(const backend::NodeDesc&, std::span<const Tensor>) const override {
    return std::make_unique<MoodyKernel>(good_runs_);
  }

 private:
  int good_runs_;
  bool sparse_;
};

inline Graph negation() {
  Graph graph("negation");
  Value* x = graph.add_input("x", {DType::kF32, {4}});
  graph.set_outputs({ops::Builder(graph).op("Neg", {x}, {}, "minus")});
  return graph;
}

inline const TacticTime& candidate(const LayerChoice& layer, const std::string& tactic) {
  return *std::ranges::find(layer.candidates, tactic, &TacticTime::tactic);
}

}  // namespace twofour::builder
