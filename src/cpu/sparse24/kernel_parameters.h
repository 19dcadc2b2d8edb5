// The parameters of the sparse kernels that a build may search, as tactics: each point of the grid is a
// variant, "sparse24.conv:planar,k256,t13,p2", that engine files name like any tactic.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "cpu/op_tactic.h"
#include "cpu/sparse24/conv2d.h"

namespace twofour::cpu {

/// How X is read, columns per block, panels per tile, blocks of code to prefetch. In the order of the search.
inline constexpr size_t kNumKernelParameters = 4;

/// For each parameter which of its values; 0 is what the kernel takes by itself.
struct KernelParameters {
  std::array<uint8_t, kNumKernelParameters> choice{};

  /// "planar,k256,t13,p2": those that are not the default.
  std::string to_string() const;
  Sparse24Options options() const;
  /// All other values of one parameter, the default first.
  std::vector<KernelParameters> others(size_t parameter) const;
};

/// Every choice but the default.
std::vector<KernelParameters> all_variants();

/// A tactic with its variants, which the default one owns.
class TunableTactic : public OpTactic {
 public:
  size_t num_parameters() const final { return kNumKernelParameters; }
  std::vector<const Tactic*> neighbours(const NodeDesc& node, size_t parameter) const final;
  const Tactic* find_variant(std::string_view name) const final;

 protected:
  using OpTactic::OpTactic;
  TunableTactic(const TunableTactic& base, const KernelParameters& parameters);

  /// For the constructor of the default one.
  template <typename Derived>
  void add_variants(const Derived& base) {
    for (const KernelParameters& parameters : all_variants()) {
      auto variant = std::make_unique<Derived>(base, parameters);
      variants_[variant->name()] = std::move(variant);
    }
  }
  Sparse24Options options() const { return parameters_.options(); }
  static Sparse24Options of_kind(ProductKind kind, Sparse24Options options) {
    options.kind = kind;
    return options;
  }
  virtual ConvBlocking blocking(const NodeDesc& node, const Sparse24Options& options) const = 0;

 private:
  const Tactic* at(const KernelParameters& parameters) const;

  KernelParameters parameters_;
  std::map<std::string, std::unique_ptr<Tactic>, std::less<>> variants_;
};

}  // namespace twofour::cpu
