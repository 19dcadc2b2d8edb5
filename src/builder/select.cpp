#include "builder/select.h"

#include <algorithm>
#include <limits>

#include "builder/describe.h"
#include "builder/timing.h"
#include "ops/op_def.h"

namespace twofour::builder {
namespace {

using backend::declined;
using backend::Format;
using backend::NodeDesc;
using backend::Reason;
using backend::Tactic;

bool has_activation_format(const Node& node) {
  for (size_t i = 0; i < node.inputs().size(); ++i)
    if (node.input(i) && input_format(node, i, Format::kChannelsLast) != Format::kPlain) return true;
  for (size_t i = 0; i < node.outputs().size(); ++i)
    if (output_format(node, i, Format::kChannelsLast) != Format::kPlain) return true;
  return false;
}

std::string key(const Tactic& tactic, const NodeDesc& node) { return tactic.name() + " " + node.signature(); }

}  // namespace

void Selector::add_candidates(NodeSelection& selection, Format format) const {
  const NodeDesc desc = describe(*selection.node, format);
  bool have_dense = false;
  for (const Tactic* tactic : backend_.tactics()) {
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

void Selector::time(NodeSelection& selection) {
  std::vector<Contender> contenders;
  bool known = true;
  for (const Candidate& c : selection.candidates) {
    if (!c.support) continue;
    contenders.push_back({c.tactic, describe(*selection.node, c.format)});
    known &= times_us_.contains(key(*c.tactic, contenders.back().node));
  }
  // A node with any new contender is timed as a whole: only times of the same rounds are comparable.
  if (!known) {
    const std::vector<double> times = time_contenders(contenders);
    for (size_t i = 0; i < contenders.size(); ++i)
      times_us_[key(*contenders[i].tactic, contenders[i].node)] = times[i];
  }
  auto next = contenders.begin();
  for (Candidate& c : selection.candidates)
    if (c.support) {
      c.time_us = times_us_.at(key(*c.tactic, next->node));
      ++next;
    }
}

void Selector::pick(NodeSelection& selection) const {
  const auto time_of = [](const Candidate& c) {
    return std::max(c.time_us, 0.0);
  };  // 0: not timed, the first wins
  for (const Format format : kFormats) {
    const auto runs = [&](const Candidate& c) { return c.support && c.format == format; };
    double fastest = std::numeric_limits<double>::infinity();
    for (const Candidate& c : selection.candidates)
      if (runs(c)) fastest = std::min(fastest, time_of(c));
    const auto winner = std::ranges::find_if(selection.candidates, [&](const Candidate& c) {
      return runs(c) && time_of(c) <= fastest * (1 + options_.noise_fraction);
    });
    if (winner != selection.candidates.end()) selection.in(format) = {winner->tactic, time_of(*winner)};
  }
}

bool Selector::replay(NodeSelection& selection) const {
  const auto it = decisions_.find(selection.signature);
  if (it == decisions_.end()) {
    TWOFOUR_CHECK(!options_.strict_tactics, kNotFound, "{} has no decision in {}", selection.node->label(),
                  options_.tactics_file.string());
    return false;
  }
  const Tactic* tactic = backend_.find_tactic(it->second.tactic);
  const bool runs = tactic && tactic->supports(describe(*selection.node, it->second.format)) &&
                    !(tactic->is_sparse() && options_.sparsity == SparsityMode::kDisable);
  TWOFOUR_CHECK(runs || !options_.strict_tactics, kFailedPrecondition, "{} cannot replay tactic {} from {}",
                selection.node->label(), it->second.tactic, options_.tactics_file.string());
  if (!runs) return false;
  selection.in(it->second.format) = {tactic, 0};
  selection.candidates.push_back({tactic, it->second.format, {}});
  return true;
}

NodeSelection Selector::select(Node* node) {
  NodeSelection selection{node, describe(*node, Format::kPlain).signature(), {}};
  if (replay(selection)) return selection;
  add_candidates(selection, Format::kPlain);
  if (options_.time_tactics && has_activation_format(*node)) add_candidates(selection, Format::kChannelsLast);
  const auto& candidates = selection.candidates;
  const bool runs = std::ranges::any_of(candidates, [](const Candidate& c) { return bool(c.support); });
  TWOFOUR_CHECK(runs, kUnsupported, "no tactic of backend {} runs {}: {}", backend_.name(), node->label(),
                candidates.empty() ? "none is for this operator" : candidates.back().support.to_string());
  if (options_.time_tactics) time(selection);
  pick(selection);
  return selection;
}

LayerChoice summarise(const NodeSelection& selection, Format format) {
  const Tactic* winner = selection.in(format).tactic;
  LayerChoice layer{.layer = selection.node->name(),
                    .op = selection.node->op(),
                    .signature = selection.signature,
                    .winner = winner->name(),
                    .format = std::string(format_name(format)),
                    .sparse = winner->is_sparse(),
                    .has_weight = ops::get_op(selection.node->op()).sparsity.weight_input >= 0,
                    .candidates = {}};
  for (const Candidate& c : selection.candidates) {
    const bool won = c.tactic == winner && c.format == format;
    const backend::Support lost = c.support ? declined(Reason::kSlower) : c.support;
    layer.candidates.push_back({c.tactic->name(), std::string(format_name(c.format)), c.tactic->is_sparse(),
                                bool(c.support), c.time_us, won ? "" : lost.to_string()});
  }
  return layer;
}

const Tactic& Selector::reorder_tactic(const NodeDesc& reorder) const {
  for (const Tactic* tactic : backend_.tactics())
    if (tactic->supports(reorder)) return *tactic;
  fail(ErrorCode::kUnsupported, "backend {} cannot reorder {} to {}", backend_.name(),
       reorder.inputs[0].desc.to_string(), reorder.outputs[0].to_string());
}

double Selector::reorder_us(const Value& value, Format from, Format to) {
  if (!options_.time_tactics) return 0;
  const NodeDesc desc = describe_reorder(value, from, to);
  const Tactic& tactic = reorder_tactic(desc);
  const auto [it, fresh] = times_us_.try_emplace(key(tactic, desc), 0);
  if (fresh) {
    const Contender contender{&tactic, desc};
    it->second = time_contenders({&contender, 1})[0];
  }
  return it->second;
}

}  // namespace twofour::builder
