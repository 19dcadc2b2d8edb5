#include <algorithm>

#include "cpu/sparse24/pack_avx512.h"
#include "cpu/sparse24/pixel_runs.h"
#include "cpu/sparse24/transpose_avx512.h"

namespace twofour::cpu {
namespace {

// Channels copied panel by panel: few enough that their lines, a plane apart, do not evict each other from
// L1.
constexpr int64_t kChannelBlock = 16;
constexpr int64_t kPrefetchPanels = 3;

/// A PixelRun as an offset from the channel plane of image 0 and a lane mask. For stride 2, `low` and `high`
/// are the floats wanted from the 32 that the lanes span.
struct LaneRun {
  int64_t offset;
  int first, last;
  __mmask16 mask, low, high;
};
struct LaneRuns {
  LaneRun runs[kPanelWidth];
  int count;
};

LaneRun lane_run(const ConvShape& shape, const PixelRun& run) {
  const uint64_t wanted = ((uint64_t{1} << (2 * run.last - 1)) - 1) & ~((uint64_t{1} << (2 * run.first)) - 1);
  return {.offset = run.image * shape.c * shape.h * shape.w + run.pixel,
          .first = run.first,
          .last = run.last,
          .mask = lanes_between(run.first, run.last),
          .low = static_cast<__mmask16>(wanted & 0xffff),
          .high = static_cast<__mmask16>(wanted >> 16)};
}

void find_lane_runs(const ConvShape& shape, const PixelFinder& finder, int64_t panel, LaneRuns& lanes) {
  PixelRuns pixels;
  finder.find(panel, pixels);
  lanes.count = pixels.count;
  for (int i = 0; i < pixels.count; ++i) lanes.runs[i] = lane_run(shape, pixels.runs[static_cast<size_t>(i)]);
}

// Addresses of masked-off lanes may lie outside the image; the arithmetic stays on integers.
template <typename T>
inline T* at(T* base, int64_t offset) {
  return reinterpret_cast<T*>(reinterpret_cast<uintptr_t>(base) +
                              static_cast<uintptr_t>(offset * static_cast<int64_t>(sizeof(float))));
}

/// `kRuns` is lanes.count when that is 1 or 2, else 0.
template <int kRuns>
TWOFOUR_AVX512 void copy_stride1(const float* src, int64_t plane, int64_t channels, const LaneRuns& lanes,
                                 float* dst, int64_t row_stride) {
  for (int64_t c = 0; c < channels; ++c) {
    const float* from = src + c * plane;
    __m512 v = _mm512_setzero_ps();
    for (int i = 0; i < (kRuns ? kRuns : lanes.count); ++i)
      v = _mm512_mask_loadu_ps(v, lanes.runs[i].mask, at(from, lanes.runs[i].offset));
    _mm_prefetch(at(from, lanes.runs[0].offset + kPrefetchPanels * kPanelWidth), _MM_HINT_T0);
    _mm512_store_ps(dst + c * row_stride, v);
  }
}

/// Two loads hold the 31 floats that sixteen lanes two apart span; a permute keeps the even ones.
template <int kRuns>
TWOFOUR_AVX512 void copy_stride2(const float* src, int64_t plane, int64_t channels, const LaneRuns& lanes,
                                 float* dst, int64_t row_stride) {
  const __m512i even = _mm512_set_epi32(30, 28, 26, 24, 22, 20, 18, 16, 14, 12, 10, 8, 6, 4, 2, 0);
  for (int64_t c = 0; c < channels; ++c) {
    const float* from = src + c * plane;
    __m512 v = _mm512_setzero_ps();
    for (int i = 0; i < (kRuns ? kRuns : lanes.count); ++i) {
      const LaneRun& run = lanes.runs[i];
      const __m512 low = _mm512_maskz_loadu_ps(run.low, at(from, run.offset));
      const __m512 high = _mm512_maskz_loadu_ps(run.high, at(from, run.offset + 16));
      v = _mm512_mask_mov_ps(v, run.mask, _mm512_permutex2var_ps(low, even, high));
    }
    _mm_prefetch(at(from, lanes.runs[0].offset + 4 * kPanelWidth), _MM_HINT_T0);
    _mm_prefetch(at(from, lanes.runs[0].offset + 5 * kPanelWidth), _MM_HINT_T0);
    _mm512_store_ps(dst + c * row_stride, v);
  }
}

void copy_strided(const float* src, int64_t plane, int64_t channels, const LaneRuns& lanes, int64_t stride,
                  float* dst, int64_t row_stride) {
  for (int64_t c = 0; c < channels; ++c) {
    float* to = dst + c * row_stride;
    std::fill(to, to + kPanelWidth, 0.0F);
    for (int i = 0; i < lanes.count; ++i)
      for (int lane = lanes.runs[i].first; lane < lanes.runs[i].last; ++lane)
        to[lane] = src[c * plane + lanes.runs[i].offset + lane * stride];
  }
}

void copy_panel(const ConvShape& shape, const float* src, int64_t channels, const LaneRuns& lanes, float* dst,
                int64_t row_stride) {
  const int64_t plane = shape.h * shape.w;
  if (lanes.count == 0) {
    for (int64_t c = 0; c < channels; ++c) std::fill_n(dst + c * row_stride, kPanelWidth, 0.0F);
  } else if (shape.stride_w == 1) {
    const auto copy = lanes.count == 1   ? copy_stride1<1>
                      : lanes.count == 2 ? copy_stride1<2>
                                         : copy_stride1<0>;
    copy(src, plane, channels, lanes, dst, row_stride);
  } else if (shape.stride_w == 2) {
    const auto copy = lanes.count == 1   ? copy_stride2<1>
                      : lanes.count == 2 ? copy_stride2<2>
                                         : copy_stride2<0>;
    copy(src, plane, channels, lanes, dst, row_stride);
  } else {
    copy_strided(src, plane, channels, lanes, shape.stride_w, dst, row_stride);
  }
}

}  // namespace

void pack_nchw_avx512(const ConvShape& shape, const float* src, Range panels, Range rows, float* dst,
                      int64_t panel_stride, int64_t row_stride) {
  const int64_t plane = shape.h * shape.w;
  LaneRuns lanes[kMaxTilePanels];
  for (int64_t row = rows.begin; row < rows.end;) {
    const int64_t tap = row / shape.c;
    const Range channels{row - tap * shape.c, std::min(shape.c, rows.end - tap * shape.c)};
    const PixelFinder finder(shape, tap / shape.s, tap % shape.s);
    for (int64_t p = 0; p < panels.size(); ++p) find_lane_runs(shape, finder, panels.begin + p, lanes[p]);
    for (int64_t c = channels.begin; c < channels.end; c += kChannelBlock) {
      float* out = dst + (row - rows.begin + c - channels.begin) * row_stride;
      for (int64_t p = 0; p < panels.size(); ++p)
        copy_panel(shape, src + c * plane, std::min(kChannelBlock, channels.end - c), lanes[p],
                   out + p * panel_stride, row_stride);
    }
    row += channels.size();
  }
}

TWOFOUR_AVX512 void scatter_nchw_avx512(const float* panel, const PixelRuns& pixels, int64_t plane,
                                        int64_t channels, Range rows, float* dst) {
  for (int i = 0; i < pixels.count; ++i) {
    const PixelRun& run = pixels.runs[static_cast<size_t>(i)];
    const __mmask16 mask = lanes_between(run.first, run.last);
    for (int64_t m = rows.begin; m < rows.end; ++m)
      _mm512_mask_storeu_ps(at(dst, (run.image * channels + m) * plane + run.pixel), mask,
                            _mm512_load_ps(panel + (m - rows.begin) * kPanelWidth));
  }
}

TWOFOUR_AVX512 void gather_nchw_avx512(const float* src, const PixelRuns& pixels, int64_t plane,
                                       int64_t channels, Range rows, float* panel) {
  for (int64_t m = rows.begin; m < rows.end; ++m) {
    __m512 v = _mm512_setzero_ps();
    for (int i = 0; i < pixels.count; ++i) {
      const PixelRun& run = pixels.runs[static_cast<size_t>(i)];
      v = _mm512_mask_loadu_ps(v, lanes_between(run.first, run.last),
                               at(src, (run.image * channels + m) * plane + run.pixel));
    }
    _mm512_store_ps(panel + (m - rows.begin) * kPanelWidth, v);
  }
}

}  // namespace twofour::cpu
