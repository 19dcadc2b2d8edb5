#include "cpu/sparse24/kernel_parameters.h"

#include <fmt/ranges.h>

#include "base/error.h"

namespace twofour::cpu {
namespace {

enum Parameter : uint8_t { kMapping, kKBlock, kTilePanels, kPrefetchBlocks };

struct Value {
  const char* name;
  int64_t value;
};
const std::array<std::vector<Value>, kNumKernelParameters> kValues = {
    {{{"", static_cast<int64_t>(ConvMapping::kAuto)},
      {"packed", static_cast<int64_t>(ConvMapping::kPacked)},
      {"planar", static_cast<int64_t>(ConvMapping::kPlanar)},
      {"direct", static_cast<int64_t>(ConvMapping::kDirect)}},
     {{"", Sparse24Options{}.k_block}, {"k32", 32}, {"k64", 64}, {"k128", 128}, {"k256", 256}},
     {{"", Sparse24Options{}.tile_panels}, {"t13", 13}, {"t40", 40}},
     {{"", Sparse24Options{}.prefetch_blocks}, {"p0", 0}, {"p2", 2}}}};

/// Blocks that are far from what suits their form are not worth a measurement.
bool is_plausible(const Sparse24Options& options, BlockForm form) {
  const int64_t usual = default_k_block(form);
  return options.k_block == 0 || (options.k_block >= usual / 2 && options.k_block <= usual * 2);
}

}  // namespace

std::string KernelParameters::to_string() const {
  std::vector<std::string> names;
  for (size_t p = 0; p < choice.size(); ++p)
    if (choice[p] != 0) names.emplace_back(kValues[p][choice[p]].name);
  return fmt::format("{}", fmt::join(names, ","));
}

Sparse24Options KernelParameters::options() const {
  const auto value = [&](Parameter p) { return kValues[p][choice[p]].value; };
  return {.tile_panels = value(kTilePanels),
          .k_block = value(kKBlock),
          .prefetch_blocks = value(kPrefetchBlocks),
          .mapping = static_cast<ConvMapping>(value(kMapping))};
}

std::vector<KernelParameters> KernelParameters::others(size_t parameter) const {
  std::vector<KernelParameters> result;
  for (size_t i = 0; i < kValues[parameter].size(); ++i) {
    if (i == choice[parameter]) continue;
    result.push_back(*this);
    result.back().choice[parameter] = static_cast<uint8_t>(i);
  }
  return result;
}

std::vector<KernelParameters> all_variants() {
  std::vector<KernelParameters> result = {{}};
  for (size_t p = 0; p < kNumKernelParameters; ++p)
    for (size_t i = 0, count = result.size(); i < count; ++i) {
      const auto others = result[i].others(p);
      result.insert(result.end(), others.begin(), others.end());
    }
  result.erase(result.begin());
  return result;
}

TunableTactic::TunableTactic(const TunableTactic& base, const KernelParameters& parameters)
    : OpTactic(base, parameters.to_string()), parameters_(parameters) {}

std::vector<const backend::Tactic*> TunableTactic::neighbours(const NodeDesc& node, size_t parameter) const {
  std::vector<ConvBlocking> known = {blocking(node, options())};
  std::vector<const Tactic*> result;
  for (const KernelParameters& other : parameters_.others(parameter)) {
    const Sparse24Options changed = other.options();
    ConvBlocking made = blocking(node, changed);
    if (!is_plausible(changed, made.form) || std::ranges::find(known, made) != known.end()) continue;
    known.push_back(std::move(made));
    result.push_back(static_cast<const TunableTactic&>(base()).at(other));
  }
  return result;
}

const backend::Tactic* TunableTactic::find_variant(std::string_view name) const {
  const auto it = variants_.find(name);
  return it == variants_.end() ? nullptr : it->second.get();
}

const backend::Tactic* TunableTactic::at(const KernelParameters& parameters) const {
  const std::string text = parameters.to_string();
  return text.empty() ? this : find_variant(fmt::format("{}:{}", name(), text));
}

}  // namespace twofour::cpu
