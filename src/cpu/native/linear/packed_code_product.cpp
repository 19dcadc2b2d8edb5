#include "cpu/native/linear/packed_code_product.h"

#include <array>

#include "base/parallel.h"
#include "cpu/native/linear/code_sums.h"
#include "cpu/native/quantisation/scaled_run.h"
#include "cpu/native/simd.h"

namespace twofour::cpu {
namespace {

constexpr int64_t kGrain = 1 << 18;  // multiply-adds
constexpr int64_t kMostSums = 4096;  // that stay in the L1 cache
constexpr int64_t kMostRows = 32;    // that read a panel while it is there

void code_sums(const CodeSumsBlock& block, int32_t* sums) {
  for (int64_t row = 0; row < block.rows; ++row) {
    const int8_t* weight = block.b;
    for (int64_t panel = 0; panel < block.panels; ++panel, sums += kProductPanel) {
      std::fill_n(sums, kProductPanel, 0);
      const uint8_t* a = block.a + row * block.step;
      for (int64_t group = 0; group < block.groups; ++group, a += 4)
        for (int64_t j = 0; j < kProductPanel; ++j)
          for (int64_t i = 0; i < 4; ++i) sums[j] += a[i] * *weight++;
    }
  }
}

auto* best_code_sums() {
  if (cpu_has(CpuFeature::kAvx512Vnni)) return code_sums_avx512vnni;
  return max_isa() >= Isa::kAvx2 ? code_sums_avx2 : code_sums;
}

/// dst += the real values of one row's sums. In unsigned numbers: what was packed may come from any file.
void add_real_values(const int32_t* sums, const CodeRow& row, const CodeColumns& b, float* dst) {
  const auto row_zero_point = static_cast<uint32_t>(row.zero_point);
  const auto row_sum = static_cast<uint32_t>(row.sum);
  run_simd([=, row_scale = row.scale, n = b.count, scale = b.scale, zero_point = b.zero_point,
            column_sums = b.sums]() TWOFOUR_INLINE {
#pragma omp simd
    for (int64_t j = 0; j < n; ++j) {
      const uint32_t exact = sums[j] - row_zero_point * column_sums[j] - row_sum * zero_point[j];
      dst[j] += static_cast<float>(static_cast<int32_t>(exact)) * (row_scale * scale[j]);
    }
  });
}

/// In blocks whose sums fit.
void add_block_by_block(const QuantizedRows& a, const CodeColumns& b, float* dst, int64_t dst_step) {
  const auto sums_of = best_code_sums();
  const int64_t row_bytes = a.step * code_row_bytes(b.k);
  const int64_t most_rows = std::min(a.count, kMostRows);
  const int64_t most_columns = kMostSums / most_rows / kProductPanel * kProductPanel;
  std::array<int32_t, kMostSums> sums;
  for (int64_t first = 0; first < b.count; first += most_columns) {
    const CodeColumns part = b.part(first, std::min(first + most_columns, b.count));
    for (int64_t row = 0; row < a.count; row += most_rows) {
      const int64_t rows = std::min(most_rows, a.count - row);
      sums_of({a.codes + row * row_bytes, row_bytes, rows, part.panels, ceil_div(b.k, 4),
               part.count / kProductPanel},
              sums.data());
      for (int64_t r = 0; r < rows; ++r)
        add_real_values(sums.data() + r * part.count, a.described[(row + r) * a.step], part,
                        dst + (row + r) * dst_step + first);
    }
  }
}

}  // namespace

CodeRow quantize_row(const float* src, int64_t n, const ops::ByteCodes& codes, uint8_t* dst) {
  const int32_t zero_point = codes.zero_point;
  quantize_run(DType::kU8)(n, reinterpret_cast<const std::byte*>(src), &codes.scale, &zero_point, 0,
                           reinterpret_cast<std::byte*>(dst));
  CodeRow row{codes.scale, zero_point, 0};
  run_simd([=, &row]() TWOFOUR_INLINE {
    int32_t sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t i = 0; i < n; ++i) sum += dst[i] - zero_point;
    row.sum = sum;
  });
  return row;
}

void add_packed_code_product(const QuantizedRows& a, const CodeColumns& b, float* dst, int64_t dst_step) {
  const int64_t grain = kGrain / std::max<int64_t>(1, a.count * b.k * kProductPanel) + 1;
  parallel_ranges(b.count / kProductPanel, grain, [&](int64_t first, int64_t last) {
    add_block_by_block(a, b.part(first * kProductPanel, last * kProductPanel), dst + first * kProductPanel,
                       dst_step);
  });
}

}  // namespace twofour::cpu
