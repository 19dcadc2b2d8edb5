#include "cpu/sparse24/gemv.h"

#include <algorithm>

#include "base/error.h"
#include "base/parallel.h"
#include "cpu/native/activation.h"
#include "cpu/sparse24/gemv_format.h"

namespace twofour::cpu {
namespace {

constexpr int64_t kSliceGroups = 32;       // fewest groups of a slice of a panel
constexpr int64_t kWantedItems = 32;       // of work, for matrices with few rows
constexpr int64_t kThreadBytes = 1 << 15;  // of weights, below which a thread is not worth waking

int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

int64_t groups_of(int64_t k) { return ceil_div(k / 4, kGemvGroupSteps); }

int64_t slices_of(int64_t panels, int64_t k) {
  const int64_t groups = groups_of(k);
  return std::clamp<int64_t>(kWantedItems / panels, 1, std::max<int64_t>(groups / kSliceGroups, 1));
}

bool is_stored_type(DType dtype) {
  return dtype == DType::kF32 || dtype == DType::kF16 || dtype == DType::kBF16 || dtype == DType::kI8;
}

void check(const GemvProblem& p, const Tensor& weights) {
  TWOFOUR_CHECK(
      p.items > 0 && p.m > 0 && p.k > 0 && p.k % 4 == 0, kInvalidArgument,
      "[sparse24.gemv] {} items, {}x{} weights; expected a number of columns that is a multiple of four",
      p.items, p.m, p.k);
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
  slices_ = slices_of(panels_, problem_.k);
  // An odd number of cache lines, so that items do not compete for the same ones.
  x_stride_ = (problem_.k + kGemvWrap + 31) / 32 * 32 + 16;
  const bool wide = isa == Isa::kAvx512;
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

void Sparse24Gemv::run(const float* x, float* y, std::byte* scratch, int threads) const {
  auto* wrapped = reinterpret_cast<float*>(scratch);
  wrap(x, wrapped);
  float* sums = wrapped + problem_.items * x_stride_;
  const int64_t panel_sums = problem_.items * kGemvPanelRows;
  const int64_t work = slices_ * panels_;
  const auto bytes = static_cast<int64_t>(weights_.size_bytes());
  const int64_t workers = std::clamp<int64_t>(std::min<int64_t>(threads, bytes / kThreadBytes), 1, work);
  parallel_ranges(workers, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = work * begin / workers; i < work * end / workers; ++i) {
      add_slice(wrapped, i % slices_, i / slices_, sums + i * panel_sums);
      if (slices_ == 1) finish(sums + i * panel_sums, i, y);
    }
  });
  if (slices_ > 1)
    for (int64_t panel = 0; panel < panels_; ++panel) finish(sums + panel * slices_ * panel_sums, panel, y);
  apply_activation(problem_.activation, y, problem_.items * problem_.m);
}

/// The rows of x, each followed by kGemvWrap of its first columns.
void Sparse24Gemv::wrap(const float* x, float* dst) const {
  for (int64_t n = 0; n < problem_.items; ++n, x += problem_.k, dst += x_stride_) {
    std::copy_n(x, problem_.k, dst);
    for (int64_t i = 0; i < kGemvWrap; ++i) dst[problem_.k + i] = x[i % problem_.k];
  }
}

void Sparse24Gemv::add_slice(const float* x, int64_t slice, int64_t panel, float* sums) const {
  const int64_t groups = groups_of(problem_.k);
  const int64_t first = groups * slice / slices_ * kGemvGroupSteps;
  const int64_t last = std::min(groups * (slice + 1) / slices_ * kGemvGroupSteps, problem_.k / 4);
  const std::byte* weights = weights_.raw() +
                             static_cast<size_t>(panel) * gemv_panel_bytes(problem_.k, value_bytes_) +
                             gemv_run_bytes(first, value_bytes_);
  for (const Pass& pass : passes_)
    pass.panel(weights, last - first, x + pass.first * x_stride_ + first * 4, x_stride_,
               sums + pass.first * kGemvPanelRows);
}

/// Adds up the slices of a panel in order, scales, adds the bias and stores the rows that exist.
void Sparse24Gemv::finish(const float* sums, int64_t panel, float* y) const {
  const int64_t row0 = panel * kGemvPanelRows;
  const int64_t rows = std::min(kGemvPanelRows, problem_.m - row0);
  const auto of_rows = [&](const Tensor& tensor) {
    return tensor.defined() ? tensor.span<float>().data() + row0 : nullptr;
  };
  const float* scales = of_rows(problem_.scales);
  const float* bias = of_rows(problem_.bias);
  const int64_t slice_sums = problem_.items * kGemvPanelRows;
  for (int64_t n = 0; n < problem_.items; ++n, sums += kGemvPanelRows) {
    float* dst = y + n * problem_.m + row0;
    for (int64_t r = 0; r < rows; ++r) {
      float sum = sums[r];
      for (int64_t slice = 1; slice < slices_; ++slice) sum += sums[slice * slice_sums + r];
      if (scales) sum *= scales[r];
      dst[r] = bias ? sum + bias[r] : sum;
    }
  }
}

}  // namespace twofour::cpu
