#include "cpu/sparse24/code_gemv.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "base/cpu.h"
#include "base/error.h"
#include "base/parallel.h"
#include "cpu/sparse24/code_gemv_format.h"

namespace twofour::cpu {
namespace {

constexpr int64_t kBlockChunks = 16;       // whose indices, 8 KiB, stay in the L1 cache from pass to pass
constexpr int64_t kThreadBytes = 1 << 15;  // of weights, below which a thread is not worth waking
constexpr int64_t kThreadCodes = 1 << 16;  // of X
constexpr int64_t kLineBytes = 64;
constexpr int64_t kChunkColumns = kCodeStepColumns * kCodeChunkSteps;
constexpr int64_t kIndexBytes = kCodeChunkSteps * kCodeStepBytes;  // of a chunk

void check(const CodeGemvProblem& p, const Tensor& weights) {
  TWOFOUR_CHECK(p.items > 0 && p.items <= kCodeGemvMaxItems && p.m > 0 && p.k > 0 && p.k % 4 == 0,
                kInvalidArgument,
                "[sparse24.codes_compact] {} items, {}x{} weights; expected at most {} items and a number of "
                "columns that is a multiple of four",
                p.items, p.m, p.k, kCodeGemvMaxItems);
  const auto rows = static_cast<size_t>(p.m);
  TWOFOUR_CHECK(p.epilogue.codes && p.epilogue.codes->start.size() == rows &&
                    p.epilogue.codes->scale.size() == rows && p.epilogue.bias.size() == rows,
                kInvalidArgument, "[sparse24.codes_compact] starts, scales and biases are not {} each", p.m);
  TWOFOUR_CHECK(weights.dtype() == DType::kI8 && weights.numel() == code_gemv_bytes(p.m, p.k), kDataCorrupt,
                "[sparse24.codes_compact] packed {}x{} weights are {} values of {}, expected {} of i8", p.m,
                p.k, weights.numel(), dtype_name(weights.dtype()), code_gemv_bytes(p.m, p.k));
}

CodeIndices indices_of(int64_t pass, int64_t passes) {
  if (passes == 1) return CodeIndices::kOnce;
  return pass == 0 ? CodeIndices::kKeep : CodeIndices::kReuse;
}

/// The bounds of a result in f32.
std::pair<float, float> bounds_of(const Epilogue& epilogue) {
  switch (epilogue.activation) {
    case Activation::kRelu: return {0.0F, INFINITY};
    case Activation::kClip: return {epilogue.lo, epilogue.hi};
    default: return {-INFINITY, INFINITY};
  }
}

template <typename Codes>
void copy_flipped(const uint8_t* src, Codes flip, uint8_t* dst) {
  Codes codes;
  std::memcpy(&codes, src, sizeof codes);
  codes ^= flip;
  std::memcpy(dst, &codes, sizeof codes);
}

}  // namespace

backend::Support code_gemv_supports() {
  if (cpu_has(CpuFeature::kAvx512Vbmi) && cpu_has(CpuFeature::kAvx512Vnni)) return backend::supported();
  return backend::declined(backend::Reason::kIsa, "needs avx512-vbmi and avx512-vnni");
}

Sparse24CodeGemv::Sparse24CodeGemv(CodeGemvProblem problem, Tensor weights)
    : problem_(std::move(problem)),
      weights_(std::move(weights)),
      panels_(code_gemv_panels(problem_.m)),
      chunks_(code_gemv_chunks(problem_.k)) {
  check(problem_, weights_);
  const backend::Support support = code_gemv_supports();
  TWOFOUR_CHECK(support, kFailedPrecondition, "[sparse24.codes_compact] {}", support.to_string());
  const int64_t count = ceil_div(problem_.items, kCodePassItems);
  for (int64_t i = 0; i < count; ++i) {
    const int64_t first = problem_.items * i / count;
    const int64_t items = problem_.items * (i + 1) / count - first;
    passes_.push_back({first, items, code_pass_avx512vnni(indices_of(i, count), static_cast<int>(items))});
  }
}

size_t Sparse24CodeGemv::scratch_bytes() const {
  return static_cast<size_t>(problem_.items * chunks_ * kChunkColumns);
}

void Sparse24CodeGemv::run(const std::byte* x, const std::byte* residual, std::byte* y, std::byte* scratch,
                           int threads) const {
  auto* rows = reinterpret_cast<uint8_t*>(scratch);
  const int64_t grain = ceil_div(kThreadCodes, kCodePassItems * problem_.k);
  parallel_ranges(static_cast<int64_t>(passes_.size()), grain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i)
      gather(reinterpret_cast<const uint8_t*>(x), passes_[static_cast<size_t>(i)], rows);
  });
  const int64_t bytes = weights_.numel();
  const int64_t workers = std::clamp<int64_t>(std::min<int64_t>(threads, bytes / kThreadBytes), 1, panels_);
  parallel_ranges(workers, 1, [&](int64_t begin, int64_t end) {
    alignas(64) int32_t sums[kCodeGemvMaxItems * kCodePanelRows];
    for (int64_t panel = panels_ * begin / workers; panel < panels_ * end / workers; ++panel) {
      add_panel(rows, panel, sums);
      finish(sums, panel, residual, y);
    }
  });
}

/// As CodePass::x has them, pass by pass.
void Sparse24CodeGemv::gather(const uint8_t* x, const Pass& pass, uint8_t* rows) const {
  const uint64_t flip = problem_.is_signed ? 0x8080808080808080 : 0;
  const int64_t k = problem_.k, step = pass.items * kCodeStepColumns;
  for (int64_t n = 0; n < pass.items; ++n) {
    const uint8_t* src = x + (pass.first + n) * k;
    uint8_t* dst = rows + pass.first * chunks_ * kChunkColumns + n * kCodeStepColumns;
    for (int64_t i = 0; i < k / kCodeStepColumns; ++i, src += kCodeStepColumns, dst += step)
      copy_flipped(src, flip, dst);
    if (k % kCodeStepColumns != 0) copy_flipped(src, static_cast<uint32_t>(flip), dst);
  }
}

/// Block by block of K; each pass over a block fetches its share of the next one.
void Sparse24CodeGemv::add_panel(const uint8_t* rows, int64_t panel, int32_t* sums) const {
  alignas(64) std::byte indices[kBlockChunks * kIndexBytes];
  std::fill_n(sums, problem_.items * kCodePanelRows, 0);
  const auto passes = static_cast<int64_t>(passes_.size());
  const int64_t lines = ceil_div(kCodeChunkBytes / kLineBytes, passes);
  const int64_t blocks = ceil_div(chunks_, kBlockChunks);
  for (int64_t block = 0; block < blocks; ++block) {
    const int64_t first = chunks_ * block / blocks, chunks = chunks_ * (block + 1) / blocks - first;
    const std::byte* weights = weights_.raw() + (panel * chunks_ + first) * kCodeChunkBytes;
    const std::byte* ahead = weights + chunks * kCodeChunkBytes;
    for (const Pass& pass : passes_) {
      pass.multiply({weights, chunks, rows + (pass.first * chunks_ + pass.items * first) * kChunkColumns,
                     indices, sums + pass.first * kCodePanelRows, ahead, lines});
      ahead += chunks * lines * kLineBytes;
    }
  }
}

void Sparse24CodeGemv::finish(const int32_t* sums, int64_t panel, const std::byte* residual,
                              std::byte* y) const {
  const Epilogue& epilogue = problem_.epilogue;
  const int64_t row0 = panel * kCodePanelRows;
  CodeRows rows = {epilogue.codes->start.data() + row0,
                   epilogue.codes->scale.data() + row0,
                   epilogue.bias.data() + row0,
                   std::min(kCodePanelRows, problem_.m - row0),
                   problem_.items,
                   problem_.m};
  const auto at_row0 = [&]<typename T>(T* values, int64_t item = 0) {
    return values ? values + item * problem_.m + row0 : nullptr;
  };
  if (epilogue.result) return write_codes(rows, sums, *epilogue.result, at_row0(residual), y + row0);
  const auto [low, high] = bounds_of(epilogue);
  if (!problem_.codes)
    return write_values(rows, sums, low, high, at_row0(reinterpret_cast<const float*>(residual)),
                        reinterpret_cast<float*>(y) + row0);
  float values[kCodeGemvMaxItems * kCodePanelRows];
  rows.stride = kCodePanelRows;
  write_values(rows, sums, low, high, nullptr, values);
  for (int64_t n = 0; n < problem_.items; ++n)
    problem_.codes->write(values + n * kCodePanelRows, rows.rows, at_row0(residual, n), at_row0(y, n));
}

}  // namespace twofour::cpu
