#include "builder/select.h"

#include <algorithm>

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

// Times of one plan are comparable only when every node was timed; otherwise the order of the list decides.
constexpr double kUntimedUs = 0;

}  // namespace

void Selector::add_candidates(const Node& node, Format format, LayerReport& report,
                              std::vector<Contender>& contenders, std::vector<size_t>& candidate_of) const {
  const NodeDesc desc = describe(node, format);
  bool have_one = false;
  for (const Tactic* tactic : backend_.tactics()) {
    backend::Support support = tactic->supports(desc);
    if (support.reason == Reason::kNotThisOp) continue;
    if (support && tactic->is_sparse() && options_.sparsity == SparsityMode::kDisable)
      support = declined(Reason::kSparsityDisabled);
    if (support && have_one && tactic == backend_.tactics().back()) support = declined(Reason::kOnlyAsFallback);
    if (support) {
      have_one |= !tactic->is_sparse();
      contenders.push_back({tactic, desc});
      candidate_of.push_back(report.candidates.size());
    }
    report.candidates.push_back({tactic->name(), format, -1, tactic->is_sparse(), std::move(support)});
  }
}

void Selector::time(LayerReport& report, std::span<const Contender> contenders,
                    std::span<const size_t> candidate_of) {
  std::vector<Contender> missing;
  for (const Contender& c : contenders)
    if (!times_us_.contains(key(*c.tactic, c.node))) missing.push_back(c);
  // A node with any new contender is timed afresh as a whole: only times of one round are comparable.
  if (!missing.empty()) {
    const std::vector<double> times = time_contenders(contenders);
    for (size_t i = 0; i < contenders.size(); ++i) times_us_[key(*contenders[i].tactic, contenders[i].node)] = times[i];
  }
  for (size_t i = 0; i < contenders.size(); ++i)
    report.candidates[candidate_of[i]].time_us = times_us_.at(key(*contenders[i].tactic, contenders[i].node));
}

void Selector::pick(NodeSelection& selection) const {
  for (const Format format : kFormats) {
    double fastest = -1;
    for (const Candidate& c : selection.report.candidates)
      if (c.support && c.format == format && (fastest < 0 || c.time_us < fastest)) fastest = c.time_us;
    for (const Candidate& c : selection.report.candidates) {
      if (!c.support || c.format != format || c.time_us > fastest * (1 + options_.noise_fraction)) continue;
      selection.in(format) = {backend_.find_tactic(c.tactic), std::max(c.time_us, kUntimedUs)};
      break;
    }
  }
}

bool Selector::replay(NodeSelection& selection) const {
  const auto it = decisions_.find(selection.report.signature);
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
  selection.report.candidates.push_back({tactic->name(), it->second.format, -1, tactic->is_sparse(), {}});
  return true;
}

NodeSelection Selector::select(Node* node) {
  NodeSelection selection{node, {}, {}};
  LayerReport& report = selection.report;
  report.name = node->name();
  report.op = node->op();
  report.has_weight = ops::get_op(node->op()).sparsity.weight_input >= 0;
  report.signature = describe(*node, Format::kPlain).signature();
  if (replay(selection)) return selection;
  std::vector<Contender> contenders;
  std::vector<size_t> candidate_of;
  add_candidates(*node, Format::kPlain, report, contenders, candidate_of);
  const bool two_formats = options_.time_tactics && has_activation_format(*node);
  if (two_formats) add_candidates(*node, Format::kChannelsLast, report, contenders, candidate_of);
  std::string why = "no tactic is for it";
  if (!report.candidates.empty()) why = report.candidates.back().support.to_string();
  TWOFOUR_CHECK(!contenders.empty(), kUnsupported, "no tactic of backend {} runs {}: {}", backend_.name(),
                node->label(), why);
  // The reference is slow by design: it is timed only where it is the one way to run the node in a format.
  if (options_.time_tactics) time(report, contenders, candidate_of);
  pick(selection);
  return selection;
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
