#include "cli/layer_table.h"

#include <fmt/format.h>

#include <numeric>

namespace twofour::cli {
namespace {

std::string time_text(double us) { return us < 0 ? "-" : fmt::format("{:.1f}", us); }

}  // namespace

Table layer_table(const BuildReport& report) {
  Table table({"Layer", "Op", ">Sparse us", ">Dense us", "Winner", "Format", "2:4"});
  for (const LayerChoice& layer : report.layers)
    table.add_row({layer.layer, layer.op, time_text(layer.best_us(true)), time_text(layer.best_us(false)),
                   layer.winner, layer.format, layer.verdict()});
  return table;
}

std::string profile_text(const std::vector<std::string>& layers, const std::vector<double>& total_us,
                         int runs) {
  const double sum = std::accumulate(total_us.begin(), total_us.end(), 0.0);
  Table table({">Time(ms)", ">Avg.(ms)", ">Time(%)", "Layer"});
  const auto add = [&](double us, const std::string& name) {
    table.add_row({fmt::format("{:.2f}", us / 1e3), fmt::format("{:.4f}", us / 1e3 / runs),
                   fmt::format("{:.1f}", sum > 0 ? us / sum * 100 : 0), name});
  };
  for (size_t i = 0; i < layers.size(); ++i) add(total_us[i], layers[i]);
  add(sum, "Total");
  return fmt::format("=== Profile ({} iterations ) ===\n{}", runs, table.text());
}

}  // namespace twofour::cli
