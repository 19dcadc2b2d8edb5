#include "builder/report.h"

#include <algorithm>

#include "backend/support.h"
#include "base/error.h"
#include "base/json_exact.h"
#include "twofour/precision.h"

namespace twofour {
namespace {

std::vector<std::string> names_of(const std::vector<LayerChoice>& layers,
                                  bool (*wanted)(const LayerChoice&)) {
  std::vector<std::string> names;
  for (const LayerChoice& layer : layers)
    if (wanted(layer)) names.push_back(layer.layer);
  return names;
}

/// It is about types or orders of memory, which another candidate may have.
bool is_about_form(std::string_view declined) {
  return declined.starts_with(backend::reason_text(backend::Reason::kDtype)) ||
         declined.starts_with(backend::reason_text(backend::Reason::kFormat));
}

/// Ran, was declined for what the layer is, in the layer's order of memory, in another one.
int nearness(const TacticTime& c, std::string_view format) {
  if (c.could_run) return 3;
  return (is_about_form(c.declined) ? 0 : 1) + (c.format == format ? 1 : 0);
}

bool came_closer(const TacticTime& a, const TacticTime& b, std::string_view format) {
  const int near_a = nearness(a, format), near_b = nearness(b, format);
  return near_a != near_b ? near_a > near_b : a.could_run && a.time_us < b.time_us;
}

}  // namespace

bool LayerChoice::eligible() const {
  return std::ranges::any_of(candidates, [](const TacticTime& c) { return c.sparse && c.could_run; });
}

double LayerChoice::best_us(bool of_sparse) const {
  double best = -1;
  for (const TacticTime& c : candidates)
    if (c.sparse == of_sparse && c.time_us >= 0 && (best < 0 || c.time_us < best)) best = c.time_us;
  return best;
}

std::string LayerChoice::verdict() const {
  if (!has_weight) return "";
  if (sparse) return replayed ? "sparse (replayed)" : "sparse";
  const TacticTime* closest = nullptr;
  for (const TacticTime& c : candidates)
    if (c.sparse && (!closest || came_closer(c, *closest, format))) closest = &c;
  if (!closest) return "no sparse tactic runs " + op;
  return closest->could_run ? "dense: sparse " + closest->declined : closest->declined;
}

std::string SparsityTrial::summary() const {
  if (!skipped.empty()) return "2:4 was not tried against dense as a whole: " + skipped;
  if (sparse_us < 0) return "";
  const std::string times =
      fmt::format("{:.2f}x ({:.3f} ms, dense {:.3f} ms)", speedup, sparse_us / 1e3, dense_us / 1e3);
  if (!won)
    return fmt::format("2:4 does not make this network faster: {}; all layers went back to dense", times);
  std::string text = "2:4 against dense, run in turn: " + times;
  if (!layers_returned.empty()) text += fmt::format("; {} layers went back to dense", layers_returned.size());
  return text;
}

std::vector<std::string> BuildReport::eligible_layers() const {
  return names_of(layers, [](const LayerChoice& layer) { return layer.eligible(); });
}

std::vector<std::string> BuildReport::sparse_layers() const {
  return names_of(layers, [](const LayerChoice& layer) { return layer.sparse; });
}

std::string BuildReport::json() const { return builder::report_to_json(*this).dump(1); }

namespace builder {
namespace {

Json candidate_to_json(const TacticTime& c) {
  return {{"tactic", c.tactic},          {"format", c.format},   {"sparse", c.sparse},
          {"could_run", c.could_run},    {"time_us", c.time_us}, {"declined", text_to_json(c.declined)},
          {"note", text_to_json(c.note)}};
}

TacticTime candidate_from_json(const Json& json) {
  return {json.at("tactic"),
          json.at("format"),
          json.at("sparse"),
          json.at("could_run"),
          json.at("time_us"),
          text_from_json(json.at("declined")),
          text_from_json(json.value("note", Json("")))};
}

Json type_to_json(DType type) { return name_of(kTypeNames, type); }

DType type_from_json(const Json& json) {
  for (const auto& [name, type] : kTypeNames)
    if (json == name) return type;
  fail(ErrorCode::kDataCorrupt, "the build report has the type {}", json.dump());
}

Json layer_to_json(const LayerChoice& layer) {
  Json candidates = Json::array();
  for (const TacticTime& c : layer.candidates) candidates.push_back(candidate_to_json(c));
  return {{"layer", text_to_json(layer.layer)},
          {"op", layer.op},
          {"signature", layer.signature},
          {"winner", layer.winner},
          {"format", layer.format},
          {"sparse", layer.sparse},
          {"has_weight", layer.has_weight},
          {"replayed", layer.replayed},
          {"disturbed", layer.disturbed},
          {"verdict", text_to_json(layer.verdict())},
          {"precision", layer.precision},
          {"real_because", layer.real_because},
          {"output_types", list_to_json(layer.output_types, type_to_json)},
          {"candidates", std::move(candidates)}};
}

LayerChoice layer_from_json(const Json& json) {
  LayerChoice layer{text_from_json(json.at("layer")),
                    json.at("op"),
                    json.at("signature"),
                    json.at("winner"),
                    json.at("format"),
                    json.at("sparse"),
                    json.at("has_weight"),
                    json.at("replayed"),
                    json.value("disturbed", false),
                    {}};
  for (const Json& c : json.at("candidates")) layer.candidates.push_back(candidate_from_json(c));
  layer.precision = json.value("precision", "");
  layer.real_because = json.value("real_because", "");
  layer.output_types = list_from_json(json.value("output_types", Json::array()), type_from_json);
  return layer;
}

Json trial_to_json(const SparsityTrial& trial) {
  return {{"sparse_us", trial.sparse_us},
          {"dense_us", trial.dense_us},
          {"speedup", trial.speedup},
          {"won", trial.won},
          {"layers_returned", list_to_json(trial.layers_returned, text_to_json)},
          {"skipped", text_to_json(trial.skipped)}};
}

SparsityTrial trial_from_json(const Json& json) {
  return {json.at("sparse_us"),
          json.at("dense_us"),
          json.at("speedup"),
          json.at("won"),
          list_from_json(json.at("layers_returned"), text_from_json),
          text_from_json(json.at("skipped"))};
}

Json precision_to_json(const PrecisionTime& time) {
  return {{"precision", time.precision},
          {"us", time.us},
          {"speedup", time.speedup},
          {"taken", time.taken},
          {"declined", text_to_json(time.declined)}};
}

PrecisionTime precision_from_json(const Json& json) {
  return {json.at("precision"), json.at("us"), json.at("speedup"), json.at("taken"),
          text_from_json(json.at("declined"))};
}

}  // namespace

Json report_to_json(const BuildReport& report) {
  Json layers = Json::array();
  for (const LayerChoice& layer : report.layers) layers.push_back(layer_to_json(layer));
  return {{"build_s", report.build_s},
          {"arena_bytes", report.arena_bytes},
          {"arena_lower_bound_bytes", report.arena_lower_bound_bytes},
          {"weights_bytes", report.weights_bytes},
          {"trial", trial_to_json(report.trial)},
          {"precisions", list_to_json(report.precision_trial.precisions, precision_to_json)},
          {"timing_only", report.timing_only},
          {"layers", std::move(layers)}};
}

BuildReport report_from_info(const Json& info) {
  try {
    const Json& json = info.at("report");
    BuildReport report;
    report.build_s = json.at("build_s");
    report.arena_bytes = get_integer<size_t>(json.at("arena_bytes"));
    report.arena_lower_bound_bytes = get_integer<size_t>(json.at("arena_lower_bound_bytes"));
    report.weights_bytes = get_integer<size_t>(json.at("weights_bytes"));
    if (json.contains("trial")) report.trial = trial_from_json(json.at("trial"));
    report.precision_trial.precisions =
        list_from_json(json.value("precisions", Json::array()), precision_from_json);
    report.timing_only = json.value("timing_only", false);
    for (const Json& layer : json.at("layers")) report.layers.push_back(layer_from_json(layer));
    return report;
  } catch (const Json::exception& error) {
    fail(ErrorCode::kDataCorrupt, "the build report is malformed: {}", error.what());
  }
}

}  // namespace builder
}  // namespace twofour
