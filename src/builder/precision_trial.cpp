#include "builder/precision_trial.h"

#include <algorithm>
#include <chrono>

#include "base/error.h"
#include "base/log.h"
#include "builder/layer_types.h"
#include "builder/race.h"

namespace twofour::builder {
namespace {

/// Says of the products in floating point why they are, where others are on codes.
void explain(BuildReport& report, const std::map<std::string, std::string>& reasons) {
  const auto on_codes = [](const LayerChoice& layer) {
    return layer.has_weight && layer.precision == "int8";
  };
  if (std::ranges::none_of(report.layers, on_codes)) return;
  for (LayerChoice& layer : report.layers) {
    if (!layer.has_weight || on_codes(layer)) continue;
    layer.real_because = "not between codes";
    for (const std::string& part : parts_of(layer.layer))
      if (const auto reason = reasons.find(part); reason != reasons.end() && !reason->second.empty())
        layer.real_because = reason->second;
  }
}

class Trial {
 public:
  Trial(Precisions precisions, const backend::Backend& backend, Options options)
      : variants_(std::move(precisions.variants)),
        rows_(std::move(precisions.declined)),
        backend_(backend),
        options_(std::move(options)),
        nodes_(node_names(variants_[0].graph)) {
    check_layer_types(options_.layer_types, nodes_);
    if (!options_.times) options_.times = std::make_shared<TimingCache>(backend);
  }

  Built run() {
    if (!options_.time_tactics || !options_.decisions.empty()) keep_last();
    const Options tried = options_for_trial();
    for (const Variant& variant : variants_) enter(variant, tried);
    drop_those_not_as_wanted();
    Entry& entry = entries_.size() == 1 ? entries_[0] : fastest();
    entry.row.taken = true;
    return settle(entry);
  }

 private:
  struct Entry {
    const Variant* variant;
    Built built;
    std::vector<std::string> broken;  // wishes
    PrecisionTime row;
  };

  void keep_last() {
    for (; variants_.size() > 1; variants_.erase(variants_.begin()))
      rows_.push_back({.precision = variants_[0].precision, .declined = "nothing is timed"});
  }

  /// Engines with ranges are tried at the sizes at which their tactics are timed.
  Options options_for_trial() const {
    Options options = options_;
    if (variants_.size() > 1) options.ranges.clear();
    return options;
  }

  /// What is not the model as it is may fail: it is out, then.
  void enter(const Variant& variant, const Options& options) {
    try {
      entries_.push_back(build(variant, options));
    } catch (const Error& error) {
      if (&variant == variants_.data()) throw;
      rows_.push_back(
          {.precision = variant.precision, .declined = fmt::format("it cannot be built: {}", error.what())});
    }
  }

  Entry build(const Variant& variant, const Options& options) const {
    Entry entry{&variant, build_as(variant, options), {}, {.precision = variant.precision}};
    entry.broken = broken_wishes(entry.built.report, options_.layer_types, nodes_);
    return entry;
  }

  Built build_as(const Variant& variant, Options options) const {
    options.half = variant.half;
    Built built = build_plan(variant.graph.clone(), backend_, options);
    built.report.timing_only = variant.timing_only;
    explain(built.report, variant.reasons);
    return built;
  }

  void drop_those_not_as_wanted() {
    const auto as_wanted = [](const Entry& entry) { return entry.broken.empty(); };
    if (std::ranges::any_of(entries_, as_wanted)) {
      for (const Entry& entry : entries_)
        if (!as_wanted(entry))
          rows_.push_back({.precision = entry.row.precision, .declined = entry.broken[0]});
      std::erase_if(entries_, [&](const Entry& entry) { return !as_wanted(entry); });
      return;
    }
    TWOFOUR_CHECK(options_.layer_types.constraints != PrecisionConstraints::kObey, kFailedPrecondition,
                  "no engine is as the precision constraints want it: in {}, {}",
                  entries_.back().row.precision, entries_.back().broken[0]);
  }

  Entry& fastest() {
    try {
      return run_in_turn();
    } catch (const Error& error) {
      for (size_t i = 1; i < entries_.size(); ++i)
        entries_[i].row.declined = fmt::format("the engines did not run in turn: {}", error.what());
      return entries_[0];
    }
  }

  Entry& run_in_turn() {
    std::vector<const BuildReport*> reports;
    for (const Entry& entry : entries_) reports.push_back(&entry.built.report);
    check_memory(reports);
    std::vector<Competitor> competitors;
    for (const Entry& entry : entries_) competitors.emplace_back(entry.built, backend_);
    std::vector<Competitor*> pointers;
    for (Competitor& competitor : competitors) pointers.push_back(&competitor);
    return standing_first(race(pointers, options_));
  }

  Entry& standing_first(const std::vector<Standing>& standings) {
    size_t best = 0;
    for (size_t i = 0; i < standings.size(); ++i) {
      entries_[i].row.us = standings[i].us;
      entries_[i].row.speedup = standings[i].speedup;
      if (standings[i].won && (best == 0 || standings[i].us < standings[best].us)) best = i;
    }
    return entries_[best];
  }

  Built settle(Entry& entry) {
    for (const std::string& broken : entry.broken) log_warning("{}", broken);
    const bool is_whole = options_.ranges.empty() || variants_.size() == 1;
    Built built = is_whole ? std::move(entry.built) : build_as(*entry.variant, options_);
    std::vector<PrecisionTime> rows;
    for (Entry& each : entries_) rows.push_back(std::move(each.row));
    rows.insert(rows.end(), rows_.begin(), rows_.end());
    if (rows.size() > 1) built.report.precision_trial.precisions = std::move(rows);
    return built;
  }

  std::vector<Variant> variants_;
  std::vector<PrecisionTime> rows_;  // of those that do not run
  const backend::Backend& backend_;
  Options options_;
  std::set<std::string> nodes_;
  std::vector<Entry> entries_;
};

}  // namespace

Result build_fastest(Precisions precisions, const backend::Backend& backend, Options options) {
  const auto start = std::chrono::steady_clock::now();
  Built built = Trial(std::move(precisions), backend, std::move(options)).run();
  built.report.build_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return finish(std::move(built), backend);
}

}  // namespace twofour::builder
