#include "sparse/summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace twofour::bench {
namespace {

Json number_or_null(double value) { return std::isnan(value) ? Json() : Json(value); }

}  // namespace

std::vector<double> speedups(std::span<const Row> rows, Set set, int threads) {
  std::vector<double> values;
  for (const Row& row : rows)
    if (row.threads == threads && is_in(set, row)) values.push_back(row.speedup());
  return values;
}

double geometric_mean(const std::vector<double>& values) {
  double sum = 0;
  for (const double v : values) sum += std::log(v);
  return values.empty() ? NAN : std::exp(sum / static_cast<double>(values.size()));
}

Json summary_of(std::span<const Row> rows) {
  const auto mean = [&](Set set, int threads) {
    return number_or_null(geometric_mean(speedups(rows, set, threads)));
  };
  const std::vector<double> gemm = speedups(rows, Set::kGemm, 1);
  Json summary = {{"gemm_f32_geomean_speedup_t1", mean(Set::kGemm, 1)},
                  {"gemm_f32_geomean_speedup_t2", mean(Set::kGemm, 2)},
                  {"gemm_f32_min_speedup_t1", gemm.empty() ? Json() : Json(std::ranges::min(gemm))},
                  {"gemv_f32_geomean_speedup_t2", mean(Set::kGemv, 2)},
                  {"conv_f32_geomean_speedup_t2", mean(Set::kConv, 2)}};
  for (const auto& [type, set] :
       {std::pair("f16", Set::kGemvF16), {"bf16", Set::kGemvBF16}, {"i8", Set::kGemvI8}})
    for (const int threads : {1, 2})
      summary[fmt::format("gemv_{}_geomean_speedup_t{}", type, threads)] = mean(set, threads);
  return summary;
}

}  // namespace twofour::bench
