#include "builder/select.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/log.h"
#include "builder/describe.h"
#include "ops/op_def.h"

namespace twofour::builder {
namespace {

using backend::declined;
using backend::Format;
using backend::NodeDesc;
using backend::Reason;
using backend::Tactic;

/// From here on, kernels' parameters are searched.
constexpr int kSearchLevel = 4;
/// Tactics that are slower than the fastest by more than this are not worth a search.
constexpr double kWorthSearching = 1.2;

bool has_activation_format(const Node& node) {
  for (size_t i = 0; i < node.inputs().size(); ++i)
    if (node.input(i) && input_format(node, i, Format::kChannelsLast) != Format::kPlain) return true;
  for (size_t i = 0; i < node.outputs().size(); ++i)
    if (output_format(node, i, Format::kChannelsLast) != Format::kPlain) return true;
  return false;
}

std::vector<ops::Domain> domains_of(const Node& node) {
  std::vector<ops::Domain> domains;
  for (size_t i = 0; i < node.inputs().size(); ++i)
    domains.push_back(node.input(i) && !node.input(i)->is_constant() ? ops::domain_of(node, i)
                                                                     : ops::Domain{});
  return domains;
}

/// Why `c`, which can run the node, is not what runs it.
Reason lost_to(const Candidate& c, const Candidate& winner, const NodeSelection& selection) {
  if (selection.replayed) return Reason::kReplayed;
  if (!selection.takes(c)) return Reason::kWholeNetwork;
  if (c.time_us < 0) return Reason::kNotTimed;
  if (c.time_us > winner.time_us) return Reason::kSlower;
  return c.format == winner.format ? Reason::kWithinNoise : Reason::kReorders;
}

/// `us`: kFailedUs where it threw `failure`.
void set_time(Candidate& c, double us, const std::string& failure = {}) {
  if (us < 0) c.support = declined(Reason::kFailed, failure);
  else c.time_us = us;
}

}  // namespace

Selector::Selector(const backend::Backend& backend, const Options& options, bool cold_weights)
    : backend_(backend),
      options_(options),
      cold_weights_(cold_weights),
      times_us_(options.times ? options.times : std::make_shared<TimingCache>(backend)) {
  const auto tactics = backend_.tactics();
  for (const std::string& start : options_.tuning.without_tactics)
    TWOFOUR_CHECK(
        std::ranges::any_of(tactics, [&](const Tactic* t) { return t->name().starts_with(start); }) ||
            backend_.find_tactic(start),
        kInvalidArgument, "no tactic of backend {} is called \"{}\" or begins so", backend_.name(), start);
}

bool Selector::considered(const Tactic& tactic) const {
  return std::ranges::none_of(options_.tuning.without_tactics,
                              [&](const std::string& start) { return tactic.name().starts_with(start); });
}

void Selector::add_candidates(NodeSelection& selection, Format format) const {
  const NodeDesc& desc = selection.desc(format);
  bool have_dense = false;
  for (const Tactic* tactic : backend_.tactics()) {
    if (!considered(*tactic)) continue;
    backend::Support support = tactic->supports(desc);
    if (support.reason == Reason::kNotThisOp) continue;
    if (support && tactic->is_sparse() && options_.sparsity == SparsityMode::kDisable)
      support = declined(Reason::kSparsityDisabled);
    // The reference, last in the list, is slow by design.
    if (support && have_dense && tactic == backend_.tactics().back())
      support = declined(Reason::kOnlyAsFallback);
    have_dense |= support && !tactic->is_sparse();
    selection.candidates.push_back({tactic, format, std::move(support)});
  }
}

std::vector<Contender> Selector::contenders_of(const NodeSelection& selection) const {
  const auto most = static_cast<size_t>(std::max(options_.tuning.max_tactics, 0));
  std::array<size_t, kFormats.size()> taken{};
  std::vector<Contender> contenders;
  for (const Candidate& c : selection.candidates)
    if (selection.takes(c) && (most == 0 || taken[static_cast<size_t>(c.format)]++ < most))
      contenders.push_back(contender_of(selection, c));
  return contenders;
}

Contender Selector::contender_of(const NodeSelection& selection, const Candidate& candidate) const {
  return {*candidate.tactic, selection.desc(candidate.format), cold_weights_, selection.dying,
          selection.domains};
}

Timings Selector::measure(std::span<const Contender> contenders, const std::string& label) {
  TWOFOUR_CHECK(!options_.tuning.strict_timing_cache, kNotFound, "{} is not in timing cache {}", label,
                options_.tuning.timing_cache.string());
  Timings times = time_contenders(contenders, effort_of(options_.tuning));
  if (times.disturbed && !std::exchange(warned_, true))
    log_warning(
        "timing was disturbed by other work on this machine, first at {}: what was chosen may not be "
        "the fastest",
        label);
  return times;
}

void Selector::keep(std::span<const Contender> contenders, const Timings& times, double scale) {
  for (size_t i = 0; i < contenders.size(); ++i)
    times_us_->set(contenders[i], times.us[i] < 0 ? kFailedUs : times.us[i] * scale);
}

void Selector::time_taken(NodeSelection& selection) {
  const std::vector<Contender> contenders = contenders_of(selection);
  std::vector<std::string> failures(contenders.size());
  // A node with any new contender is timed as a whole: only times of the same rounds are comparable.
  const auto known = [&](const Contender& c) { return times_us_->find(c).has_value(); };
  if (!std::ranges::all_of(contenders, known)) {
    const Timings times = measure(contenders, selection.node->label());
    keep(contenders, times);
    selection.disturbed = times.disturbed;
    failures = times.failures;
  }
  for (size_t i = 0; i < contenders.size(); ++i)
    for (Candidate& c : selection.candidates)
      if (c.tactic == &contenders[i].tactic && &selection.desc(c.format) == &contenders[i].node)
        set_time(c, *times_us_->find(contenders[i]), failures[i]);
}

bool Selector::time_until_one_runs(NodeSelection& selection) {
  const auto taken = [&](const Candidate& c) { return selection.takes(c); };
  while (std::ranges::any_of(selection.candidates, taken)) {
    time_taken(selection);
    if (std::ranges::any_of(selection.candidates, [](const Candidate& c) { return c.time_us >= 0; }))
      return true;
  }
  return false;
}

void Selector::time(NodeSelection& selection) {
  if (time_until_one_runs(selection)) return;
  for (Candidate& c : selection.candidates)
    if (c.tactic == backend_.tactics().back() && c.support.reason == Reason::kOnlyAsFallback)
      c.support = c.tactic->supports(selection.desc(c.format));
  if (time_until_one_runs(selection)) return;
  // Data made up here decides nothing: what the network sees is for its runs to show.
  Candidate* last = nullptr;
  for (Candidate& c : selection.candidates)
    if (c.support.reason == Reason::kFailed && (!last || c.format == last->format)) last = &c;
  log_warning("{} is not timed, every kernel failed on made-up data: {}", selection.node->label(),
              last->support.detail);
  last->support = {Reason::kNone, last->support.to_string()};
}

void Selector::recall_others(NodeSelection& selection) const {
  for (Candidate& c : selection.candidates)
    if (c.support && !selection.takes(c))
      if (const auto us = times_us_->find(contender_of(selection, c))) set_time(c, *us);
}

void Selector::search_parameters(NodeSelection& selection) {
  std::array<double, kFormats.size()> fastest;
  fastest.fill(std::numeric_limits<double>::infinity());
  for (const Candidate& c : selection.candidates) {
    double& us = fastest[static_cast<size_t>(c.format)];
    if (c.time_us >= 0) us = std::min(us, c.time_us);
  }
  // Backwards: what is found goes behind its base.
  for (size_t i = selection.candidates.size(); i-- > 0;) {
    const Candidate& c = selection.candidates[i];
    if (c.time_us >= 0 && c.time_us <= fastest[static_cast<size_t>(c.format)] * kWorthSearching)
      search_from(selection, i);
  }
}

/// Coordinate descent: each parameter in turn at the best values of those before it.
void Selector::search_from(NodeSelection& selection, size_t start) {
  Candidate best = selection.candidates[start];
  std::vector<Candidate> found;
  for (size_t parameter = 0; parameter < best.tactic->num_parameters(); ++parameter) {
    const std::vector<Candidate> timed = timed_neighbours(selection, best, parameter);
    found.insert(found.end(), timed.begin(), timed.end());
    for (const Candidate& c : timed)
      if (c.time_us < best.time_us * (1 - options_.noise_fraction)) best = c;
  }
  selection.candidates.insert(selection.candidates.begin() + static_cast<ptrdiff_t>(start) + 1, found.begin(),
                              found.end());
}

/// In rounds with the best one, whose time was measured beside the node's other candidates. None when other
/// work disturbs them twice: parameters differ by less.
std::vector<Candidate> Selector::timed_neighbours(const NodeSelection& selection, const Candidate& best,
                                                  size_t parameter) {
  std::vector<Contender> contenders = {contender_of(selection, best)};
  std::vector<Candidate> found;
  for (const Tactic* tactic : best.tactic->neighbours(selection.desc(best.format), parameter)) {
    if (!considered(*tactic)) continue;
    found.push_back({tactic, best.format, best.support});
    contenders.push_back(contender_of(selection, found.back()));
  }
  const auto known = [&](const Contender& c) { return times_us_->find(c).has_value(); };
  if (!std::ranges::all_of(contenders, known)) {
    if (options_.tuning.strict_timing_cache) return {};  // a disturbed search left none
    Timings times = measure(contenders, selection.node->label());
    if (times.disturbed) times = measure(contenders, selection.node->label());
    if (times.disturbed) return {};
    keep(contenders, times, times.us[0] > 0 ? best.time_us / times.us[0] : 1);
  }
  for (Candidate& c : found) c.time_us = *times_us_->find(contender_of(selection, c));
  std::erase_if(found, [](const Candidate& c) { return c.time_us < 0; });
  return found;
}

void Selector::pick(NodeSelection& selection) const {
  const bool timed = std::ranges::any_of(
      selection.candidates, [&](const Candidate& c) { return selection.takes(c) && c.time_us >= 0; });
  for (const Format format : kFormats) {
    const auto runs = [&](const Candidate& c) {
      return selection.takes(c) && c.format == format && (!timed || c.time_us >= 0);
    };
    double fastest = std::numeric_limits<double>::infinity();
    for (const Candidate& c : selection.candidates)
      if (runs(c)) fastest = std::min(fastest, c.time_us);
    const auto winner = std::ranges::find_if(selection.candidates, [&](const Candidate& c) {
      return runs(c) && (!timed || c.time_us <= fastest * (1 + options_.noise_fraction));
    });
    if (winner == selection.candidates.end()) continue;
    selection.best[static_cast<size_t>(format)] = winner - selection.candidates.begin();
    if (!timed) return;  // formats are a matter of time
  }
}

/// A file may name a variant, which is a candidate wherever its base is.
void Selector::add_variant(NodeSelection& selection, const std::string& name) const {
  const Tactic* variant = backend_.find_tactic(name);
  if (!variant || variant == &variant->base() || !considered(*variant)) return;
  auto& candidates = selection.candidates;
  if (std::ranges::find(candidates, variant, &Candidate::tactic) != candidates.end()) return;
  for (auto it = candidates.begin(); it != candidates.end(); ++it)
    if (it->tactic == &variant->base()) it = candidates.insert(it + 1, {variant, it->format, it->support});
}

/// Whether the node can run as decided; then it does.
bool Selector::take(NodeSelection& selection, const LayerChoice& choice) const {
  add_variant(selection, choice.winner);
  for (size_t i = 0; i < selection.candidates.size(); ++i) {
    Candidate& c = selection.candidates[i];
    if (c.tactic->name() != choice.winner || format_name(c.format) != choice.format) continue;
    // A file may insist on the reference.
    if (c.support.reason == Reason::kOnlyAsFallback) c.support = c.tactic->supports(selection.desc(c.format));
    if (!c.support) return false;
    selection.best[static_cast<size_t>(c.format)] = i;
    return selection.replayed = true;
  }
  return false;
}

int Selector::rank_of(const std::string& tactic) const {
  const auto tactics = backend_.tactics();
  const Tactic* found = backend_.find_tactic(tactic);
  const auto it = std::ranges::find(tactics, found ? &found->base() : nullptr);
  return static_cast<int>(it - tactics.begin());
}

bool Selector::replay(NodeSelection& selection) const {
  const Node& node = *selection.node;
  auto choices = options_.decisions.find(selection.desc(Format::kPlain).signature());
  // Other layers' choices as the backend ranks them: what only 2:4 weights can take comes first.
  std::ranges::stable_sort(choices, {}, [&](const LayerChoice* choice) {
    return choice->layer == node.name() ? -1 : rank_of(choice->winner);
  });
  for (const LayerChoice* choice : choices)
    if (take(selection, *choice)) return true;
  if (!options_.strict_tactics) {
    const LayerChoice* other = options_.time_tactics ? nullptr : options_.decisions.find_layer(node.name());
    return other && take(selection, *other);
  }
  const std::string& file = options_.decisions.source();
  TWOFOUR_CHECK(!choices.empty(), kNotFound, "{} has no decision in {}", node.label(), file);
  fail(ErrorCode::kFailedPrecondition, "{} cannot replay tactic {} ({}) from {}", node.label(),
       choices[0]->winner, choices[0]->format, file);
}

NodeSelection Selector::select(Node* node, std::vector<size_t> dying, bool keep_dense) {
  NodeSelection selection{.node = node,
                          .dying = std::move(dying),
                          .domains = domains_of(*node),
                          .descs = {},
                          .candidates = {},
                          .best = {},
                          .keeps_dense = keep_dense};
  const bool has_formats =
      (options_.time_tactics || !options_.decisions.empty()) && has_activation_format(*node);
  for (const Format format : kFormats) {
    if (format != Format::kPlain && !has_formats) break;
    selection.descs[static_cast<size_t>(format)] = describe(*node, format);
    add_candidates(selection, format);
  }
  const auto& candidates = selection.candidates;
  const bool runs = std::ranges::any_of(candidates, [&](const Candidate& c) { return selection.takes(c); });
  TWOFOUR_CHECK(runs, kUnsupported, "no tactic of backend {} runs {}: {}", backend_.name(), node->label(),
                candidates.empty() ? "none is for this operator" : candidates.back().support.to_string());
  if ((!options_.decisions.empty() || options_.strict_tactics) && replay(selection)) return selection;
  if (options_.time_tactics) time(selection);
  if (options_.time_tactics) recall_others(selection);
  if (options_.time_tactics && options_.tuning.level >= kSearchLevel) search_parameters(selection);
  pick(selection);
  return selection;
}

LayerChoice summarise(const NodeSelection& selection, Format format) {
  const Candidate& winner = *selection.winner(format);
  LayerChoice layer{.layer = selection.node->name(),
                    .op = selection.node->op(),
                    .signature = selection.desc(Format::kPlain).signature(),
                    .winner = winner.tactic->name(),
                    .format = std::string(format_name(format)),
                    .sparse = winner.tactic->is_sparse(),
                    .has_weight = ops::get_op(selection.node->op()).sparsity.weight_input >= 0,
                    .replayed = selection.replayed,
                    .disturbed = selection.disturbed,
                    .candidates = {}};
  for (const Candidate& c : selection.candidates) {
    const backend::Support lost = c.support ? declined(lost_to(c, winner, selection)) : c.support;
    layer.candidates.push_back({c.tactic->name(), std::string(format_name(c.format)), c.tactic->is_sparse(),
                                bool(c.support), c.time_us, &c == &winner ? "" : lost.to_string(),
                                c.support ? c.support.detail : ""});
  }
  return layer;
}

const Tactic& Selector::reorder_tactic(const NodeDesc& reorder) const {
  for (const Tactic* tactic : backend_.tactics())
    if (considered(*tactic) && tactic->supports(reorder)) return *tactic;
  fail(ErrorCode::kUnsupported, "backend {} cannot reorder {} to {}", backend_.name(),
       reorder.inputs[0].desc.to_string(), reorder.outputs[0].to_string());
}

double Selector::reorder_us(const Value& value, Format from, Format to) {
  if (!options_.time_tactics) return 0;
  const NodeDesc desc = describe_reorder(value, from, to);
  const Tactic& tactic = reorder_tactic(desc);
  const Contender contender{tactic, desc};
  if (!times_us_->find(contender)) keep({&contender, 1}, measure({&contender, 1}, desc.label()));
  return std::max(*times_us_->find(contender), 0.0);
}

}  // namespace twofour::builder
