#include "models/report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "figures.h"
#include "twofour/engine.h"

namespace twofour::bench {
namespace {

std::vector<std::string> headers(const std::vector<std::string>& peers) {
  std::vector<std::string> result = {"Model", "Precision", "Weights", ">Batch", ">Threads", ">twofour ms"};
  for (const std::string& peer : peers) result.push_back(">" + peer + " ms");
  for (const char* last : {">Ratio", ">Quartiles", ">Difference"}) result.emplace_back(last);
  return result;
}

std::string precision_of(const ModelRow& row) { return std::string(name_of(kPrecisionNames, row.precision)); }
const char* weights_of(const ModelRow& row) { return row.sparse ? "2:4" : "dense"; }
std::string ms_text(double ms) { return fmt::format("{:.3f}", ms); }

Json peer_json(const PeerResult& peer) {
  Json json = {{"ms", peer.ms}};
  if (peer.ratio > 0) json.update({{"ratio", peer.ratio}, {"low", peer.low}, {"high", peer.high}});
  return json;
}

Json row_json(const ModelRow& row) {
  Json json = {{"model", row.model},         {"precision", precision_of(row)},
               {"weights", weights_of(row)}, {"batch", row.batch},
               {"threads", row.threads},     {"twofour_ms", row.ms ? Json(*row.ms) : Json()},
               {"rounds", row.rounds},       {"busy", row.busy}};
  for (const PeerResult& p : row.peers)
    if (p.error.empty()) json["peers"][p.name] = peer_json(p);
  if (const PeerResult* best = row.best()) json["ratio"] = best->ratio;
  if (row.difference) json["difference"] = *row.difference;
  return json;
}

}  // namespace

const PeerResult* ModelRow::best() const {
  const PeerResult* result = nullptr;
  for (const PeerResult& p : peers)
    if (p.ratio > 0 && (!result || p.ratio < result->ratio)) result = &p;
  return result;
}

Json summary_of(const std::vector<ModelRow>& rows) {
  Json summary = Json::object();
  for (const auto& [name, precision] : kPrecisionNames)
    for (const bool sparse : {false, true}) {
      std::vector<double> ratios;
      for (const ModelRow& row : rows)
        if (row.precision == precision && row.sparse == sparse && row.best())
          ratios.push_back(row.best()->ratio);
      summary[geomean_name(precision, sparse)] = number_or_null(geometric_mean(ratios));
    }
  return summary;
}

std::vector<std::string> ModelReport::cells_of(const ModelRow& row) const {
  std::vector<std::string> cells = {row.model,
                                    precision_of(row),
                                    weights_of(row),
                                    std::to_string(row.batch),
                                    std::to_string(row.threads),
                                    row.ms ? ms_text(*row.ms) : "-"};
  for (const std::string& name : peers_) {
    const auto peer = std::ranges::find(row.peers, name, &PeerResult::name);
    cells.push_back(peer != row.peers.end() && peer->error.empty() ? ms_text(peer->ms) : "-");
  }
  const PeerResult* best = row.best();
  cells.push_back(best ? fmt::format("{:.2f}", best->ratio) : "-");
  cells.push_back(best ? fmt::format("{:.2f} to {:.2f}", best->low, best->high) : "-");
  cells.push_back(row.difference ? fmt::format("{:.1e}", *row.difference) : "-");
  return cells;
}

void ModelReport::add(ModelRow row) {
  for (const PeerResult& p : row.peers)
    if (!p.error.empty())
      note(fmt::format("{} {} batch {}: {}: {}", row.model, precision_of(row), row.batch, p.name, p.error));
  rows_.push_back(std::move(row));
}

void ModelReport::note(const std::string& text) {
  if (std::ranges::find(notes_, text) == notes_.end()) notes_.push_back(text);
}

std::string ModelReport::text() const {
  cli::Table table(headers(peers_));
  for (const ModelRow& row : rows_) table.add_row(cells_of(row));
  return fmt::format("{}\n\nGeometric means of the time of the best peer / ours:\n{}{}", table.text(),
                     figures_text(summary_of(rows_)), fmt::join(notes_, "\n"));
}

Json ModelReport::json() const {
  Json rows = Json::array();
  for (const ModelRow& row : rows_) rows.push_back(row_json(row));
  return {{"device", device_name()}, {"summary", summary_of(rows_)}, {"rows", rows}, {"notes", notes_}};
}

}  // namespace twofour::bench
