// A step whose sizes, or even ranks, are known only when it runs.
#pragma once

#include <mutex>
#include <string>
#include <unordered_map>

#include "backend/packed_store.h"
#include "engine/plan.h"

namespace twofour::engine {

/// Makes a kernel for each set of sizes that comes, and keeps the last ones. Where several tactics support
/// the node they are timed on the inputs that are there, once for all sizes that agree when rounded up to
/// powers of two: a sequence that grows by one is not timed at every step. May be shared between threads.
class OpenStep {
 public:
  OpenStep(const Plan& plan, const PlanStep& step, std::span<const Tensor> sections,
           const backend::Backend& backend);

  /// The step for inputs of certain sizes (and, where sizes depend on data, with certain data).
  struct Variant {
    std::unique_ptr<backend::Kernel> kernel;
    std::vector<ValueType> outputs;  // static
  };
  /// Throws what inference and the tactics throw, naming the step.
  std::shared_ptr<const Variant> variant(std::span<const Tensor> inputs) const;

 private:
  /// What inference needs to know of the inputs beside their sizes.
  enum class Level : uint8_t { kSizes, kSmallData, kAllData };

  std::string key(std::span<const Tensor> inputs, Level level) const;
  bool is_known(size_t input, const Tensor& tensor, Level level) const;
  std::shared_ptr<const Variant> find_or_make(std::span<const Tensor> inputs, Level level) const;
  std::shared_ptr<const Variant> make(std::span<const Tensor> inputs, Level level) const;
  /// A kernel of the fastest tactic.
  std::unique_ptr<backend::Kernel> choose(const backend::NodeDesc& node,
                                          std::span<const Tensor> inputs) const;
  std::unique_ptr<backend::Kernel> make_kernel(const backend::Tactic& tactic,
                                               const backend::NodeDesc& node) const;
  /// The tactics that may be worth timing, best first; never none.
  std::vector<const backend::Tactic*> candidates(const backend::NodeDesc& node) const;

  backend::NodeDesc node_;  // constants have their data; what is open has no shape
  const backend::Backend& backend_;
  mutable std::mutex mutex_;
  /// By key; null where inference needs more than the key has.
  mutable std::unordered_map<std::string, std::shared_ptr<const Variant>> variants_;
  /// The fastest tactics by rounded sizes.
  mutable std::unordered_map<std::string, const backend::Tactic*> fastest_;
  mutable backend::PackedStore packed_;  // of the step's own constants, which are the same for all sizes
};

}  // namespace twofour::engine
