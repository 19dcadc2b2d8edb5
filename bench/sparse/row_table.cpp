#include "sparse/row_table.h"

#include <fmt/format.h>

#include <cmath>

namespace twofour::bench {
namespace {

std::string percent(double share) { return std::isnan(share) ? "-" : fmt::format("{:.0f}%", 100 * share); }

std::vector<std::string> cells_of(const Row& row) {
  const Problem& p = row.problem;
  const Entry* ours = row.sparse();
  const Entry* own_dense = row.own_dense();
  return {
      p.suite,
      p.name,
      std::string(name_of(kPrecisionNames, p.precision)),
      fmt::format("{}x{}x{}{}", p.m, p.k, p.n, p.conv.groups > 1 ? fmt::format(" g{}", p.conv.groups) : ""),
      std::to_string(row.threads),
      fmt::format("{:.3f}", row.dense_ms),
      row.dense_name,
      own_dense ? fmt::format("{:.2f}", own_dense->speedup) : "-",
      ours ? fmt::format("{:.3f}", ours->ms) : "-",
      ours ? ours->name : "declined",
      ours ? fmt::format("{:.2f}", ours->speedup) : "-",
      ours ? fmt::format("{:.2f} to {:.2f}", ours->low, ours->high) : "-",
      percent(row.dense_share()),
      percent(row.sparse_share())};
}

}  // namespace

cli::Table row_table(std::span<const Row> rows) {
  cli::Table table({"Suite", "Name", "Precision", ">MxKxN", ">Threads", ">Dense ms", "Fastest dense",
                    ">Library / our dense", ">Sparse ms", "Tactic", ">Speedup", ">Quartiles",
                    ">Dense of bound", ">Sparse of bound"});
  for (const Row& row : rows) table.add_row(cells_of(row));
  return table;
}

}  // namespace twofour::bench
