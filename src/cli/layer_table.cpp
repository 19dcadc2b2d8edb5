#include "cli/layer_table.h"

#include <fmt/format.h>

namespace twofour::cli {
namespace {

std::string time_text(double us) { return us < 0 ? "-" : fmt::format("{:.1f}", us); }

std::string verdict_of(const TacticTime& c) {
  const std::string verdict = c.declined.empty() ? "taken" : c.declined;
  return c.note.empty() ? verdict : fmt::format("{}; {}", verdict, c.note);
}

}  // namespace

Table layer_table(const BuildReport& report) {
  Table table({"Layer", "Op", "Precision", ">Sparse us", ">Dense us", "Winner", "Format", "2:4"});
  for (const LayerChoice& layer : report.layers)
    table.add_row({layer.layer, layer.op, layer.precision, time_text(layer.best_us(true)),
                   time_text(layer.best_us(false)), layer.winner.empty() ? "at run time" : layer.winner,
                   layer.format, layer.verdict()});
  return table;
}

Table candidate_table(const BuildReport& report) {
  Table table({"Layer", "Tactic", "Format", ">us", "Verdict"});
  for (const LayerChoice& layer : report.layers)
    for (const TacticTime& c : layer.candidates)
      table.add_row({layer.layer, c.tactic, c.format, time_text(c.time_us), verdict_of(c)});
  return table;
}

}  // namespace twofour::cli
