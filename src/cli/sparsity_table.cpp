#include "cli/sparsity_table.h"

#include <fmt/format.h>

#include <algorithm>

#include <nlohmann/json.hpp>

#include "cli/json_text.h"

namespace twofour::cli {
namespace {

std::string state(const SparsityRow& row) {
  if (!row.eligible) return "not eligible: " + row.reason;
  return row.sparse ? "2:4" : "dense, eligible";
}

}  // namespace

Table sparsity_table(const std::vector<SparsityRow>& rows) {
  Table table({"Layer", "Op", "Weight", ">Axis", ">Zeros %", ">Blocks", ">Violations", "2:4"});
  for (const SparsityRow& row : rows)
    table.add_row({row.layer, row.op, row.weight_shape, std::to_string(row.axis),
                   fmt::format("{:.1f}", row.zeros * 100), std::to_string(row.blocks),
                   std::to_string(row.violations), state(row)});
  return table;
}

std::string sparsity_summary(const std::vector<SparsityRow>& rows) {
  const auto count = [&](auto&& wanted) { return std::ranges::count_if(rows, wanted); };
  return fmt::format("{} layers with weights, {} eligible for 2:4, {} of them 2:4", rows.size(),
                     count([](const SparsityRow& r) { return r.eligible; }),
                     count([](const SparsityRow& r) { return r.eligible && r.sparse; }));
}

std::string sparsity_json(const std::vector<SparsityRow>& rows) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const SparsityRow& row : rows)
    list.push_back({{"layer", row.layer},
                    {"op", row.op},
                    {"weight_shape", row.weight_shape},
                    {"axis", row.axis},
                    {"eligible", row.eligible},
                    {"reason", row.reason},
                    {"sparse", row.sparse},
                    {"blocks", row.blocks},
                    {"violations", row.violations},
                    {"zeros_fraction", row.zeros}});
  return json_text({{"layers", std::move(list)}});
}

}  // namespace twofour::cli
