#include "cpu/sparse24/gemv_format.h"

#include <algorithm>
#include <cstring>

#include "base/error.h"

namespace twofour::cpu {
namespace {

using backend::Sparse24View;

void store(float value, float* dst) { *dst = value; }
void store(float value, f16* dst) { *dst = to_f16(value); }
void store(float value, bf16* dst) { *dst = to_bf16(value); }
void store(float value, int8_t* dst) { *dst = static_cast<int8_t>(value); }

/// The codes and values of one row in a chunk of `steps` steps.
template <typename T>
void pack_row(const Sparse24View& matrix, int64_t row, int64_t first, int64_t steps, std::byte* chunk) {
  const int64_t lane = row % kGemvPanelRows;
  uint32_t code = 0;
  T* values = reinterpret_cast<T*>(chunk + 16 * sizeof(uint32_t)) + lane;
  for (int64_t s = 0; s < steps; ++s) {
    const int64_t quad = (first + s + lane / 4) % matrix.blocks_per_row();
    code |= static_cast<uint32_t>(matrix.nibble(row, quad)) << 4 * s;
    const auto kept = matrix.kept(row, quad);
    store(kept[0], values + s * 32);
    store(kept[1], values + s * 32 + 16);
  }
  std::memcpy(chunk + lane * static_cast<int64_t>(sizeof code), &code, sizeof code);
}

template <typename T>
Tensor pack(const Sparse24View& matrix) {
  const size_t bytes = gemv_bytes(matrix.m, matrix.k, sizeof(T));
  Tensor packed(DTypeOf<T>::value, {static_cast<int64_t>(bytes / sizeof(T))});
  for (int64_t row = 0; row < matrix.m; ++row) {
    std::byte* panel =
        packed.raw() + static_cast<size_t>(row / kGemvPanelRows) * gemv_panel_bytes(matrix.k, sizeof(T));
    for (int64_t step = 0; step < matrix.blocks_per_row(); step += kGemvChunkSteps)
      pack_row<T>(matrix, row, step, std::min(kGemvChunkSteps, matrix.blocks_per_row() - step),
                  panel + gemv_run_bytes(step, sizeof(T)));
  }
  return packed;
}

}  // namespace

Tensor pack_gemv(const Sparse24View& matrix, DType stored) {
  switch (stored) {
    case DType::kF32: return pack<float>(matrix);
    case DType::kF16: return pack<f16>(matrix);
    case DType::kBF16: return pack<bf16>(matrix);
    case DType::kI8: return pack<int8_t>(matrix);
    default:
      fail(ErrorCode::kInvalidArgument, "[pack_gemv] values are stored as f32, f16, bf16 or i8, not {}",
           dtype_name(stored));
  }
}

}  // namespace twofour::cpu
