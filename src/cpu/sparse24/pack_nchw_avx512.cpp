#include "cpu/sparse24/pack_avx512.h"

#include <algorithm>

#include "cpu/sparse24/pixel_runs.h"
#include "cpu/sparse24/transpose_avx512.h"

namespace twofour::cpu {
namespace {

/// A PixelRun as an offset from the channel plane of image 0 and a lane mask.
struct LaneRun {
  int64_t offset;
  int first, last;
  __mmask16 mask;
};
struct LaneRuns {
  LaneRun runs[kPanelWidth];
  int count;
};

void find_lane_runs(const ConvShape& shape, Range panels, int64_t r, int64_t s, LaneRuns* found) {
  for (int64_t p = panels.begin; p < panels.end; ++p) {
    const PixelRuns pixels = find_pixel_runs(shape, p, r, s);
    LaneRuns& lanes = found[p - panels.begin];
    lanes.count = pixels.count;
    for (int i = 0; i < pixels.count; ++i) {
      const PixelRun& run = pixels.runs[static_cast<size_t>(i)];
      lanes.runs[i] = {run.image * shape.c * shape.h * shape.w + run.pixel, run.first, run.last,
                       lanes_between(run.first, run.last)};
    }
  }
}

// Addresses of masked-off lanes may lie outside the image; the arithmetic stays on integers.
inline const float* at(const float* base, int64_t offset) {
  return reinterpret_cast<const float*>(reinterpret_cast<uintptr_t>(base) +
                                        static_cast<uintptr_t>(offset * static_cast<int64_t>(sizeof(float))));
}

TWOFOUR_AVX512 inline __m512 load_stride1(const float* plane, const LaneRuns& lanes) {
  __m512 v = _mm512_setzero_ps();
  for (int i = 0; i < lanes.count; ++i)
    v = _mm512_mask_loadu_ps(v, lanes.runs[i].mask, at(plane, lanes.runs[i].offset));
  return v;
}

/// Two loads hold the 31 floats that sixteen lanes two apart span; a permute keeps the even ones.
TWOFOUR_AVX512 inline __m512 load_stride2(const float* plane, const LaneRuns& lanes) {
  const __m512i even = _mm512_set_epi32(30, 28, 26, 24, 22, 20, 18, 16, 14, 12, 10, 8, 6, 4, 2, 0);
  __m512 v = _mm512_setzero_ps();
  for (int i = 0; i < lanes.count; ++i) {
    const LaneRun& run = lanes.runs[i];
    const uint32_t wanted = static_cast<uint32_t>(((uint64_t{1} << (2 * run.last - 1)) - 1) &
                                                  ~((uint64_t{1} << (2 * run.first)) - 1));
    const __m512 low = _mm512_maskz_loadu_ps(static_cast<__mmask16>(wanted & 0xffff), at(plane, run.offset));
    const __m512 high = _mm512_maskz_loadu_ps(static_cast<__mmask16>(wanted >> 16), at(plane, run.offset + 16));
    v = _mm512_mask_mov_ps(v, run.mask, _mm512_permutex2var_ps(low, even, high));
  }
  return v;
}

TWOFOUR_AVX512 inline __m512 load_strided(const float* plane, const LaneRuns& lanes, int64_t stride) {
  alignas(64) float v[kPanelWidth] = {};
  for (int i = 0; i < lanes.count; ++i)
    for (int lane = lanes.runs[i].first; lane < lanes.runs[i].last; ++lane)
      v[lane] = plane[lanes.runs[i].offset + lane * stride];
  return _mm512_load_ps(v);
}

/// Channels `channels` of one tap: channel by channel, so that the panels of a tile are read as one stretch of memory.
TWOFOUR_AVX512 void pack_tap(const ConvShape& shape, const float* src, Range channels, const LaneRuns* lanes,
                             int64_t panels, float* dst, int64_t panel_stride) {
  const int64_t plane = shape.h * shape.w;
  for (int64_t c = channels.begin; c < channels.end; ++c) {
    float* out = dst + (c - channels.begin) * kPanelWidth;
    for (int64_t p = 0; p < panels; ++p) {
      const float* from = src + c * plane;
      const __m512 v = shape.stride_w == 1   ? load_stride1(from, lanes[p])
                       : shape.stride_w == 2 ? load_stride2(from, lanes[p])
                                             : load_strided(from, lanes[p], shape.stride_w);
      _mm512_store_ps(out + p * panel_stride, v);
    }
  }
}

}  // namespace

void pack_nchw_avx512(const ConvShape& shape, const float* src, Range panels, Range rows, float* dst,
                      int64_t panel_stride) {
  LaneRuns lanes[kMaxTilePanels];
  for (int64_t row = rows.begin; row < rows.end;) {
    const int64_t tap = row / shape.c;
    const Range channels{row - tap * shape.c, std::min(shape.c, rows.end - tap * shape.c)};
    find_lane_runs(shape, panels, tap / shape.s, tap % shape.s, lanes);
    pack_tap(shape, src, channels, lanes, panels.size(), dst + (row - rows.begin) * kPanelWidth, panel_stride);
    row += channels.size();
  }
}

}  // namespace twofour::cpu
