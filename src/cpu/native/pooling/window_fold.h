// What the pools are made of: the elements of each window folded into one, row by row, in either format.
#pragma once

#include <vector>

#include "base/parallel.h"
#include "cpu/native/simd.h"
#include "ops/pooling/pool_geometry.h"

namespace twofour::cpu {

/// Folds T by Op, a function of two R. The rows of a window are joined first, whole, into a row with its
/// padding; then its columns. `inner`: neighbours that make a pixel, all channels in NHWC, 1 in NCHW.
/// `start` stands in the padding.
template <typename T, typename R, typename Op>
class WindowFold {
 public:
  WindowFold(const ops::Pool3d& pool, int64_t inner, R start) : pool_(pool), inner_(inner), start_(start) {
    const auto& w = pool.window;
    const int64_t reach = (pool.out[2] - 1) * w.stride[2] + w.extent(2);
    joined_.assign(static_cast<size_t>(std::max(reach, w.pads[2] + pool.in[2]) * inner), start);
  }

  /// Output row `row` of the image (NCHW: of the plane) at `src`.
  void run(const T* src, int64_t row, R* dst) {
    run_simd([=, this]() TWOFOUR_INLINE {
      join_rows(src, row / pool_.out[1], row % pool_.out[1]);
      const auto& w = pool_.window;
      for (int64_t s = 0; s < w.kernel[2]; ++s)
        join_column(joined_.data() + s * w.dilation[2] * inner_, dst, s == 0);
    });
  }

 private:
  /// to[i] = Op of it and from[i * stride]; or the latter alone.
  template <typename From>
  TWOFOUR_INLINE static void join(const From* from, int64_t stride, R* to, int64_t n, bool alone) {
    constexpr Op op;
    if (alone) {
#pragma omp simd
      for (int64_t i = 0; i < n; ++i) to[i] = static_cast<R>(from[i * stride]);
    } else {
#pragma omp simd
      for (int64_t i = 0; i < n; ++i) to[i] = op(to[i], static_cast<R>(from[i * stride]));
    }
  }

  TWOFOUR_INLINE void join_rows(const T* src, int64_t d, int64_t h) {
    const auto& w = pool_.window;
    const int64_t length = pool_.in[2] * inner_;
    R* joined = joined_.data() + w.pads[2] * inner_;
    const int64_t start_d = d * w.stride[0] - w.pads[0], start_h = h * w.stride[1] - w.pads[1];
    const auto taps_d = w.inside(0, start_d, pool_.in[0]), taps_h = w.inside(1, start_h, pool_.in[1]);
    bool first = true;
    for (int64_t t = taps_d.first; t < taps_d.second; ++t)
      for (int64_t r = taps_h.first; r < taps_h.second; ++r, first = false)
        join(src + ((start_d + t * w.dilation[0]) * pool_.in[1] + start_h + r * w.dilation[1]) * length, 1,
             joined, length, first);
    if (first) std::fill_n(joined, length, start_);
  }

  TWOFOUR_INLINE void join_column(const R* from, R* dst, bool alone) const {
    const int64_t stride = pool_.window.stride[2], n = pool_.out[2];
    if (stride == 1) {
      join(from, 1, dst, n * inner_, alone);
    } else if (inner_ > 1) {
      for (int64_t x = 0; x < n; ++x) join(from + x * stride * inner_, 1, dst + x * inner_, inner_, alone);
    } else if (stride == 2) {  // a step that the compiler knows
      join(from, 2, dst, n, alone);
    } else {
      join(from, stride, dst, n, alone);
    }
  }

  const ops::Pool3d& pool_;
  int64_t inner_;
  R start_;
  std::vector<R> joined_;
};

/// Sizes of the images (NCHW: of the planes) of a pool, in elements.
struct PooledRows {
  PooledRows(const ops::Pool3d& pool, int64_t inner)
      : per_image(pool.out[0] * pool.out[1]),
        count(pool.planes / inner * per_image),
        image(pool.in_size() * inner),
        length(pool.out[2] * inner) {}

  int64_t per_image, count;  // of output rows
  int64_t image;             // of a source image
  int64_t length;            // of an output row

  /// fn(first, last) on ranges of output rows.
  template <typename Fn>
  void parallel(const Fn& fn) const {
    constexpr int64_t kGrain = 16384;  // elements read
    const int64_t per_row = image / std::max<int64_t>(per_image, 1) + length;
    parallel_ranges(count, kGrain / std::max<int64_t>(per_row, 1), fn);
  }
};

}  // namespace twofour::cpu
