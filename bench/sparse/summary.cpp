#include "sparse/summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "figures.h"

namespace twofour::bench {
namespace {

constexpr std::array kSets = {std::pair("gemm", Set::kGemm), std::pair("gemv", Set::kGemv),
                              std::pair("conv", Set::kConv)};

Json mean(std::span<const Row> rows, const Selection& selection) {
  return number_or_null(geometric_mean(speedups(rows, selection)));
}

void add_f32(std::span<const Row> rows, Json* summary) {
  const std::vector<double> gemm = speedups(rows, {Set::kGemm, 1});
  summary->update({{"gemm_f32_geomean_speedup_t1", mean(rows, {Set::kGemm, 1})},
                   {"gemm_f32_geomean_speedup_t2", mean(rows, {Set::kGemm, 2})},
                   {"gemm_f32_min_speedup_t1", gemm.empty() ? Json() : Json(std::ranges::min(gemm))},
                   {"gemv_f32_geomean_speedup_t2", mean(rows, {Set::kGemv, 2})},
                   {"conv_f32_geomean_speedup_t2", mean(rows, {Set::kConv, 2})}});
  for (const DType stored : {DType::kF16, DType::kBF16, DType::kI8})
    for (const int threads : {1, 2})
      (*summary)[fmt::format("gemv_{}_geomean_speedup_t{}", dtype_name(stored), threads)] =
          mean(rows, {Set::kGemv, threads, Precision::kF32, stored});
}

void add_lower(std::span<const Row> rows, Precision precision, DType stored, Json* summary) {
  std::vector<double> dense, sparse;
  for (const Row& row : rows) {
    if (row.problem.precision != precision) continue;
    sparse.push_back(row.speedup());
    if (const Entry* ours = row.own_dense()) dense.push_back(ours->speedup);
  }
  (*summary)[geomean_name(precision, false)] = number_or_null(geometric_mean(dense));
  (*summary)[geomean_name(precision, true)] = number_or_null(geometric_mean(sparse));
  for (const auto& [name, set] : kSets)
    for (const int threads : {1, 2})
      (*summary)[fmt::format("{}_{}_geomean_t{}", name_of(kPrecisionNames, precision), name, threads)] =
          mean(rows, {set, threads, precision, stored});
}

}  // namespace

bool is_in(const Selection& selection, const Row& row) {
  return row.threads == selection.threads && row.problem.precision == selection.precision &&
         row.problem.stored == selection.stored && is_in(selection.set, row);
}

std::vector<double> speedups(std::span<const Row> rows, const Selection& selection) {
  std::vector<double> values;
  for (const Row& row : rows)
    if (is_in(selection, row)) values.push_back(row.speedup());
  return values;
}

Json summary_of(std::span<const Row> rows) {
  Json summary = Json::object();
  add_f32(rows, &summary);
  add_lower(rows, Precision::kBF16, DType::kBF16, &summary);
  add_lower(rows, Precision::kInt8, DType::kI8, &summary);
  return summary;
}

}  // namespace twofour::bench
