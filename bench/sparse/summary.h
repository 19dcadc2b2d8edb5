// The figures of a run.
#pragma once

#include <span>

#include "base/json.h"
#include "sparse/row.h"

namespace twofour::bench {

/// Speedups of the rows of a set at `threads` threads.
std::vector<double> speedups(std::span<const Row> rows, Set set, int threads);
/// NaN of nothing.
double geometric_mean(const std::vector<double>& values);
/// gemm_f32_geomean_speedup_t1, gemm_f32_geomean_speedup_t2, gemm_f32_min_speedup_t1,
/// gemv_f32_geomean_speedup_t2, conv_f32_geomean_speedup_t2, and of weights stored as another type
/// gemv_{f16,bf16,i8}_geomean_speedup_t{1,2}; null where no row counts.
Json summary_of(std::span<const Row> rows);

}  // namespace twofour::bench
