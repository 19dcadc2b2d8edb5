#include "model_report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <numeric>

#include "twofour/engine.h"

namespace twofour {
namespace {

std::vector<std::string> headers(const std::vector<std::string>& peers) {
  std::vector<std::string> result = {"Model", ">Batch", ">Threads", ">twofour ms"};
  for (const std::string& peer : peers) result.push_back(">" + peer + " ms");
  for (const char* last : {">Ratio", ">Quartiles", ">Difference"}) result.emplace_back(last);
  return result;
}

Json row_json(const ModelRow& row) {
  Json json = {{"model", row.model},   {"batch", row.batch},   {"threads", row.threads},
               {"twofour_ms", row.ms}, {"rounds", row.rounds}, {"busy", row.busy}};
  for (const PeerResult& p : row.peers)
    if (p.error.empty())
      json["peers"][p.name] = {{"ms", p.ms}, {"ratio", p.ratio}, {"low", p.low}, {"high", p.high}};
  if (const PeerResult* best = row.best()) json["ratio"] = best->ratio;
  if (row.difference) json["difference"] = *row.difference;
  return json;
}

}  // namespace

const PeerResult* ModelRow::best() const {
  const PeerResult* result = nullptr;
  for (const PeerResult& p : peers)
    if (p.error.empty() && (!result || p.ratio < result->ratio)) result = &p;
  return result;
}

ModelReport::ModelReport(const std::vector<std::string>& peers) : table_(headers(peers)) {}

void ModelReport::add(const ModelRow& row) {
  const PeerResult* best = row.best();
  std::vector<std::string> cells = {row.model, std::to_string(row.batch), std::to_string(row.threads),
                                    fmt::format("{:.3f}", row.ms)};
  for (const PeerResult& p : row.peers) {
    cells.push_back(p.error.empty() ? fmt::format("{:.3f}", p.ms) : "-");
    if (!p.error.empty()) note(fmt::format("{} batch {}: {}: {}", row.model, row.batch, p.name, p.error));
  }
  cells.push_back(best ? fmt::format("{:.2f}", best->ratio) : "-");
  cells.push_back(best ? fmt::format("{:.2f} to {:.2f}", best->low, best->high) : "-");
  cells.push_back(row.difference ? fmt::format("{:.1e}", *row.difference) : "-");
  if (best) logs_.push_back(std::log(best->ratio));
  table_.add_row(std::move(cells));
  rows_.push_back(row_json(row));
}

double ModelReport::geometric_mean() const {
  const double sum = std::accumulate(logs_.begin(), logs_.end(), 0.0);
  return logs_.empty() ? 0 : std::exp(sum / static_cast<double>(logs_.size()));
}

std::string ModelReport::text() const {
  return fmt::format("{}\n\nGeometric mean of {} ratios (time of the better peer / ours): {:.3f}\n{}",
                     table_.text(), logs_.size(), geometric_mean(), fmt::join(notes_, "\n"));
}

Json ModelReport::json() const {
  return {
      {"device", device_name()}, {"geometric_mean", geometric_mean()}, {"rows", rows_}, {"notes", notes_}};
}

}  // namespace twofour
