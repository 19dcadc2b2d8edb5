#include "sparse/row_table.h"

#include <fmt/format.h>

#include <cmath>

namespace twofour::bench {
namespace {

std::string percent(double share) { return std::isnan(share) ? "-" : fmt::format("{:.0f}%", 100 * share); }

std::string bf16_ms(const Row& row) {
  double least = INFINITY;
  for (const Entry& e : row.entries)
    if (e.name.ends_with(" bf16")) least = std::min(least, e.ms);
  return std::isinf(least) ? "-" : fmt::format("{:.3f}", least);
}

std::vector<std::string> cells_of(const Row& row) {
  const Problem& p = row.problem;
  const Entry* ours = row.sparse();
  return {
      p.suite,
      p.name,
      fmt::format("{}x{}x{}{}", p.m, p.k, p.n, p.conv.groups > 1 ? fmt::format(" g{}", p.conv.groups) : ""),
      std::to_string(row.threads),
      fmt::format("{:.3f}", row.dense_ms),
      row.dense_name,
      bf16_ms(row),
      ours ? fmt::format("{:.3f}", ours->ms) : "-",
      ours ? ours->name : "declined",
      ours ? fmt::format("{:.2f}", ours->speedup) : "-",
      ours ? fmt::format("{:.2f} to {:.2f}", ours->low, ours->high) : "-",
      percent(row.dense_share()),
      percent(row.sparse_share())};
}

}  // namespace

cli::Table row_table(std::span<const Row> rows) {
  cli::Table table({"Suite", "Name", ">MxKxN", ">Threads", ">Dense ms", "Fastest dense", ">bf16 ms",
                    ">Sparse ms", "Tactic", ">Speedup", ">Quartiles", ">Dense of bound", ">Sparse of bound"});
  for (const Row& row : rows) table.add_row(cells_of(row));
  return table;
}

}  // namespace twofour::bench
