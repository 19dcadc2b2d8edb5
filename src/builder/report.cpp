#include "builder/report.h"

#include <algorithm>

namespace twofour::builder {

double LayerReport::best_us(bool sparse_candidates) const {
  double best = -1;
  for (const Candidate& c : candidates)
    if (c.sparse == sparse_candidates && c.time_us >= 0 && (best < 0 || c.time_us < best)) best = c.time_us;
  return best;
}

bool LayerReport::eligible() const {
  return std::ranges::any_of(candidates, [](const Candidate& c) {
    return c.sparse && (c.support || c.support.reason == backend::Reason::kSlower);
  });
}

std::string LayerReport::verdict() const {
  if (!has_weight) return "";
  if (sparse) return "sparse";
  if (eligible()) return "dense: the sparse tactic is slower";
  // The most telling refusal: a sparse tactic that is for this operator but cannot run this node.
  for (const Candidate& c : candidates)
    if (c.sparse && !c.support && c.support.reason != backend::Reason::kNotThisOp) return c.support.to_string();
  return "no sparse tactic for " + op;
}

std::vector<std::string> Report::eligible_layers() const {
  std::vector<std::string> names;
  for (const LayerReport& layer : layers)
    if (layer.eligible()) names.push_back(layer.name);
  return names;
}

std::vector<std::string> Report::sparse_layers() const {
  std::vector<std::string> names;
  for (const LayerReport& layer : layers)
    if (layer.sparse) names.push_back(layer.name);
  return names;
}

namespace {

Json candidate_to_json(const Candidate& c) {
  Json json = {{"tactic", c.tactic}, {"format", format_name(c.format)}, {"sparse", c.sparse}};
  if (c.time_us >= 0) json["time_us"] = c.time_us;
  if (!c.support) json["declined"] = c.support.to_string();
  return json;
}

Json layer_to_json(const LayerReport& layer) {
  Json candidates = Json::array();
  for (const Candidate& c : layer.candidates) candidates.push_back(candidate_to_json(c));
  return {{"name", layer.name},
          {"op", layer.op},
          {"winner", layer.winner},
          {"format", format_name(layer.format)},
          {"sparse", layer.sparse},
          {"verdict", layer.verdict()},
          {"candidates", std::move(candidates)}};
}

}  // namespace

Json report_to_json(const Report& report) {
  Json layers = Json::array();
  for (const LayerReport& layer : report.layers) layers.push_back(layer_to_json(layer));
  return {{"build_s", report.build_s},
          {"arena_bytes", report.arena_bytes},
          {"arena_lower_bound_bytes", report.arena_lower_bound_bytes},
          {"weights_bytes", report.weights_bytes},
          {"eligible_layers", report.eligible_layers()},
          {"sparse_layers", report.sparse_layers()},
          {"layers", std::move(layers)}};
}

}  // namespace twofour::builder
