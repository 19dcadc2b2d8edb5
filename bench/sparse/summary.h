// The figures of a run.
#pragma once

#include <span>

#include "base/json.h"
#include "sparse/row.h"

namespace twofour::bench {

/// Rows of a set at a number of threads.
struct Selection {
  Set set;
  int threads;
  Precision precision = Precision::kF32;
  DType stored = DType::kF32;
};
bool is_in(const Selection& selection, const Row& row);
/// Speedups of the rows.
std::vector<double> speedups(std::span<const Row> rows, const Selection& selection);

/// In f32: gemm_f32_geomean_speedup_t1, gemm_f32_geomean_speedup_t2, gemm_f32_min_speedup_t1,
/// gemv_f32_geomean_speedup_t2, conv_f32_geomean_speedup_t2, and of weights stored as another type
/// gemv_{f16,bf16,i8}_geomean_speedup_t{1,2}. In bf16 and int8: {bf16,int8}_sparse_geomean of all rows,
/// {bf16,int8}_dense_geomean of all with a dense tactic that a library is compared with, and of the sets
/// {bf16,int8}_{gemm,gemv,conv}_geomean_t{1,2}. Null where no row counts.
Json summary_of(std::span<const Row> rows);

}  // namespace twofour::bench
