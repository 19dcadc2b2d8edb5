#include "cpu/sparse24/gemv.h"

#include <algorithm>

#include "base/align.h"
#include "base/error.h"
#include "base/parallel.h"
#include "cpu/native/elementwise/activation.h"
#include "cpu/sparse24/gemv_format.h"

namespace twofour::cpu {
namespace {

constexpr int64_t kSliceChunks = 32;       // fewest chunks of a slice of a panel
constexpr int64_t kWantedItems = 32;       // of work, for matrices with few rows
constexpr int64_t kThreadBytes = 1 << 15;  // of weights, below which a thread is not worth waking

int64_t chunks_of(int64_t k) { return ceil_div(k / 4, kGemvChunkSteps); }

/// Of K: enough work for threads where there are few panels, and X of a slice stays in the L2 cache while all
/// panels pass over it.
int64_t slices_of(int64_t panels, const GemvProblem& p) {
  const int64_t x_bytes = p.items * p.k * static_cast<int64_t>(sizeof(float));
  const int64_t wanted =
      std::max(kWantedItems / panels, ceil_div(x_bytes, static_cast<int64_t>(l2_bytes() / 2)));
  return std::clamp<int64_t>(wanted, 1, std::max<int64_t>(chunks_of(p.k) / kSliceChunks, 1));
}

bool is_stored_type(DType dtype) {
  return dtype == DType::kF32 || dtype == DType::kF16 || dtype == DType::kBF16 || dtype == DType::kI8;
}

void check(const GemvProblem& p, const Tensor& weights) {
  TWOFOUR_CHECK(
      p.items > 0 && p.m > 0 && p.k > 0 && p.k % 4 == 0, kInvalidArgument,
      "[sparse24.gemv] {} items, {}x{} weights; expected a number of columns that is a multiple of four",
      p.items, p.m, p.k);
  TWOFOUR_CHECK(!p.image || (p.image->layout == ImageLayout::kNhwc && p.image->groups == 1 &&
                             p.image->pixels() == p.items && p.image->k == p.m && p.image->gemm_k() == p.k),
                kInvalidArgument, "[sparse24.gemv] the image does not give {} items, {}x{} weights", p.items,
                p.m, p.k);
  for (const Tensor& tensor : {p.scales, p.bias})
    TWOFOUR_CHECK(!tensor.defined() || (tensor.dtype() == DType::kF32 && tensor.numel() == p.m),
                  kInvalidArgument, "[sparse24.gemv] {} {} values of scale or bias for {} rows of f32",
                  tensor.numel(), dtype_name(tensor.dtype()), p.m);
  TWOFOUR_CHECK(is_stored_type(weights.dtype()), kDataCorrupt,
                "[sparse24.gemv] packed weights are {}, expected f32, f16, bf16 or i8",
                dtype_name(weights.dtype()));
  const size_t bytes = gemv_bytes(p.m, p.k, dtype_size(weights.dtype()));
  TWOFOUR_CHECK(weights.size_bytes() == bytes, kDataCorrupt,
                "[sparse24.gemv] packed {}x{} weights of {} take {} bytes, got {}", p.m, p.k,
                dtype_name(weights.dtype()), bytes, weights.size_bytes());
}

}  // namespace

backend::Support gemv_supports(Isa isa) {
  if (isa >= Isa::kAvx2) return backend::supported();
  return backend::declined(backend::Reason::kIsa, fmt::format("needs avx2, has {}", isa_name(isa)));
}

Sparse24Gemv::Sparse24Gemv(GemvProblem problem, Tensor weights, Isa isa)
    : problem_(std::move(problem)),
      weights_(std::move(weights)),
      value_bytes_(dtype_size(weights_.dtype())),
      panels_(gemv_panels(problem_.m)) {
  check(problem_, weights_);
  const backend::Support support = gemv_supports(isa);
  TWOFOUR_CHECK(support, kFailedPrecondition, "[sparse24.gemv] {}", support.to_string());
  slices_ = slices_of(panels_, problem_);
  // An odd number of cache lines, so that items do not compete for the same ones.
  x_stride_ = (problem_.k + kGemvWrap + 31) / 32 * 32 + 16;
  const bool wide = isa >= Isa::kAvx512;
  const int64_t most = wide ? kGemvItemsAvx512 : kGemvItemsAvx2;
  const int64_t count = ceil_div(problem_.items, most);
  for (int64_t i = 0; i < count; ++i) {
    const int64_t first = problem_.items * i / count;
    const int64_t items = problem_.items * (i + 1) / count - first;
    passes_.push_back(
        {first, items,
         (wide ? gemv_panel_avx512 : gemv_panel_avx2)(weights_.dtype(), static_cast<int>(items))});
  }
}

size_t Sparse24Gemv::scratch_bytes() const {
  const int64_t floats = problem_.items * (x_stride_ + slices_ * panels_ * kGemvPanelRows);
  return static_cast<size_t>(floats) * sizeof(float);
}

void Sparse24Gemv::run(const float* x, const float* residual, float* y, std::byte* scratch,
                       int threads) const {
  auto* rows = reinterpret_cast<float*>(scratch);
  const int64_t row_bytes = problem_.items * problem_.k * static_cast<int64_t>(sizeof(float));
  const int64_t gatherers =
      std::clamp<int64_t>(row_bytes / kThreadBytes, 1, std::min<int64_t>(threads, problem_.items));
  parallel_ranges(gatherers, 1, [&](int64_t begin, int64_t end) {
    for (int64_t n = problem_.items * begin / gatherers; n < problem_.items * end / gatherers; ++n)
      gather(x, n, rows + n * x_stride_);
  });
  float* sums = rows + problem_.items * x_stride_;
  const int64_t panel_sums = problem_.items * kGemvPanelRows;
  const int64_t work = slices_ * panels_;
  const auto bytes = static_cast<int64_t>(weights_.size_bytes());
  const int64_t workers = std::clamp<int64_t>(std::min<int64_t>(threads, bytes / kThreadBytes), 1, work);
  parallel_ranges(workers, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = work * begin / workers; i < work * end / workers; ++i) {
      const int64_t slice = i / panels_, panel = i % panels_;
      float* panel_slice = sums + (panel * slices_ + slice) * panel_sums;
      add_slice(rows, slice, panel, panel_slice);
      if (slices_ == 1) finish(panel_slice, panel, residual, y);
    }
  });
  if (slices_ > 1)
    parallel_ranges(panels_, ceil_div(panels_, workers), [&](int64_t begin, int64_t end) {
      for (int64_t panel = begin; panel < end; ++panel)
        finish(sums + panel * slices_ * panel_sums, panel, residual, y);
    });
  apply_activation(problem_.activation, y, y, problem_.items * problem_.m);
}

/// One row of X, followed by kGemvWrap of its first columns.
void Sparse24Gemv::gather(const float* x, int64_t item, float* dst) const {
  if (problem_.image) gather_pixel(x, item, dst);
  else std::copy_n(x + item * problem_.k, problem_.k, dst);
  for (int64_t i = 0; i < kGemvWrap; ++i) dst[problem_.k + i] = dst[i % problem_.k];
}

void Sparse24Gemv::gather_pixel(const float* x, int64_t pixel, float* dst) const {
  const ConvShape& shape = *problem_.image;
  const int64_t plane = shape.out_h() * shape.out_w();
  const int64_t image = pixel / plane;
  const int64_t top = pixel % plane / shape.out_w() * shape.stride_h - shape.pad_top;
  const int64_t left = pixel % shape.out_w() * shape.stride_w - shape.pad_left;
  for (int64_t r = 0; r < shape.r; ++r)
    for (int64_t s = 0; s < shape.s; ++s, dst += shape.c) {
      const int64_t y = top + r * shape.dilation_h, column = left + s * shape.dilation_w;
      const bool inside = y >= 0 && y < shape.h && column >= 0 && column < shape.w;
      if (inside) std::copy_n(x + ((image * shape.h + y) * shape.w + column) * shape.c, shape.c, dst);
      else std::fill_n(dst, shape.c, 0.0F);
    }
}

void Sparse24Gemv::add_slice(const float* x, int64_t slice, int64_t panel, float* sums) const {
  const int64_t chunks = chunks_of(problem_.k);
  const int64_t first = chunks * slice / slices_ * kGemvChunkSteps;
  const int64_t last = std::min(chunks * (slice + 1) / slices_ * kGemvChunkSteps, problem_.k / 4);
  const std::byte* weights = weights_.raw() +
                             static_cast<size_t>(panel) * gemv_panel_bytes(problem_.k, value_bytes_) +
                             gemv_run_bytes(first, value_bytes_);
  for (const Pass& pass : passes_)
    pass.panel(weights, last - first, x + pass.first * x_stride_ + first * 4, x_stride_,
               sums + pass.first * kGemvPanelRows);
}

/// Adds up the slices of a panel in order, scales, adds bias and residual and stores the rows that exist.
void Sparse24Gemv::finish(const float* sums, int64_t panel, const float* residual, float* y) const {
  const int64_t row0 = panel * kGemvPanelRows;
  const int64_t rows = std::min(kGemvPanelRows, problem_.m - row0);
  const auto of_rows = [&](const Tensor& tensor) {
    return tensor.defined() ? tensor.span<float>().data() + row0 : nullptr;
  };
  const float* scales = of_rows(problem_.scales);
  const float* bias = of_rows(problem_.bias);
  const int64_t slice_sums = problem_.items * kGemvPanelRows;
  for (int64_t n = 0; n < problem_.items; ++n, sums += kGemvPanelRows) {
    float total[kGemvPanelRows];
    std::copy_n(sums, kGemvPanelRows, total);
    for (int64_t slice = 1; slice < slices_; ++slice)
      for (int64_t r = 0; r < kGemvPanelRows; ++r) total[r] += sums[slice * slice_sums + r];
    const int64_t first = n * problem_.m + row0;
    if (scales)
      for (int64_t r = 0; r < rows; ++r) total[r] *= scales[r];
    if (bias)
      for (int64_t r = 0; r < rows; ++r) total[r] += bias[r];
    if (residual)
      for (int64_t r = 0; r < rows; ++r) total[r] += residual[first + r];
    std::copy_n(total, rows, y + first);
  }
}

}  // namespace twofour::cpu
