#include <algorithm>

#include "cpu/sparse24/pack_avx512.h"
#include "cpu/sparse24/pixel_runs.h"
#include "cpu/sparse24/transpose_avx512.h"

namespace twofour::cpu {
namespace {

/// The channels of each lane's pixel; lanes without a pixel have a zero mask and point at readable memory.
struct LanePixels {
  const float* from[kPanelWidth];
  __mmask16 valid[kPanelWidth];
};

void find_lane_pixels(const ConvShape& shape, const float* src, const PixelFinder& finder, int64_t panel,
                      LanePixels& lanes) {
  PixelRuns pixels;
  finder.find(panel, pixels);
  std::fill(lanes.from, lanes.from + kPanelWidth, src);
  std::fill(lanes.valid, lanes.valid + kPanelWidth, __mmask16{0});
  for (int i = 0; i < pixels.count; ++i) {
    const PixelRun& run = pixels.runs[static_cast<size_t>(i)];
    for (int lane = run.first; lane < run.last; ++lane) {
      lanes.from[lane] = src + (run.image * shape.h * shape.w + run.pixel + lane * shape.stride_w) * shape.c;
      lanes.valid[lane] = 0xffff;
    }
  }
}

/// `next` are the pixels that the caller packs after these.
TWOFOUR_AVX512 void pack_tap(const LanePixels& lanes, const LanePixels& next, Range channels, float* dst,
                             int64_t row_stride) {
  for (int64_t c = channels.begin; c < channels.end; c += 16) {
    const int64_t count = std::min<int64_t>(16, channels.end - c);
    const __mmask16 mask = first_lanes(count);
    Rows16 m;
    for (int lane = 0; lane < 16; ++lane)
      m.row[lane] =
          _mm512_maskz_loadu_ps(static_cast<__mmask16>(mask & lanes.valid[lane]), lanes.from[lane] + c);
    for (int lane = 0; lane < 16; ++lane) _mm_prefetch(next.from[lane] + c, _MM_HINT_T0);
    transpose16(m);
    for (int i = 0; i < count; ++i) _mm512_store_ps(dst + (c - channels.begin + i) * row_stride, m.row[i]);
  }
}

TWOFOUR_AVX512 inline __m512 finish(__m512 v, const LateEpilogue& epilogue, __mmask16 mask, int64_t offset) {
  if (epilogue.residual)
    v = _mm512_mask_add_ps(v, mask, v, _mm512_maskz_loadu_ps(mask, epilogue.residual + offset));
  if (!epilogue.clamp) return v;
  // max and min return their second operand when either is NaN.
  v = _mm512_max_ps(_mm512_set1_ps(epilogue.lo), v);
  return _mm512_min_ps(_mm512_set1_ps(epilogue.hi), v);
}

}  // namespace

void pack_nhwc_avx512(const ConvShape& shape, const float* src, Range panels, Range rows, float* dst,
                      int64_t panel_stride, int64_t row_stride) {
  for (int64_t row = rows.begin; row < rows.end;) {
    const int64_t tap = row / shape.c;
    const Range channels{row - tap * shape.c, std::min(shape.c, rows.end - tap * shape.c)};
    const PixelFinder finder(shape, tap / shape.s, tap % shape.s);
    LanePixels lanes[2];
    find_lane_pixels(shape, src, finder, panels.begin, lanes[panels.begin % 2]);
    for (int64_t p = panels.begin; p < panels.end; ++p) {
      find_lane_pixels(shape, src, finder, p + 1, lanes[(p + 1) % 2]);
      pack_tap(lanes[p % 2], lanes[(p + 1) % 2], channels,
               dst + (p - panels.begin) * panel_stride + (row - rows.begin) * row_stride, row_stride);
    }
    row += channels.size();
  }
}

TWOFOUR_AVX512 void unpack_nhwc_avx512(const ChannelRows& rows, const PixelRuns& pixels, int64_t plane,
                                       int64_t channels, const LateEpilogue& epilogue, float* dst) {
  constexpr int kForWriting = 1;
  const __mmask16 mask = first_lanes(rows.count);
  for (int i = 0; i < pixels.count; ++i) {
    const PixelRun& run = pixels.runs[static_cast<size_t>(i)];
    const int64_t next = (run.image * plane + run.pixel + kPanelWidth) * channels + rows.channel;
    for (int lane = run.first; lane < run.last; ++lane)
      __builtin_prefetch(dst + next + lane * channels, kForWriting);
  }
  Rows16 m;
  for (int i = 0; i < 16; ++i)
    m.row[i] = i < rows.count ? _mm512_load_ps(rows.row[static_cast<size_t>(i)]) : _mm512_setzero_ps();
  transpose16(m);
  for (int i = 0; i < pixels.count; ++i) {
    const PixelRun& run = pixels.runs[static_cast<size_t>(i)];
    const int64_t first = (run.image * plane + run.pixel) * channels + rows.channel;
    for (int lane = run.first; lane < run.last; ++lane) {
      const int64_t at = first + lane * channels;
      _mm512_mask_storeu_ps(dst + at, mask, finish(m.row[lane], epilogue, mask, at));
    }
  }
}

}  // namespace twofour::cpu
