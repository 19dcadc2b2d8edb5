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

LanePixels find_lane_pixels(const ConvShape& shape, const float* src, int64_t panel, int64_t r, int64_t s) {
  LanePixels lanes;
  std::fill(lanes.from, lanes.from + kPanelWidth, src);
  std::fill(lanes.valid, lanes.valid + kPanelWidth, __mmask16{0});
  const PixelRuns pixels = find_pixel_runs(shape, panel, r, s);
  for (int i = 0; i < pixels.count; ++i) {
    const PixelRun& run = pixels.runs[static_cast<size_t>(i)];
    for (int lane = run.first; lane < run.last; ++lane) {
      lanes.from[lane] = src + (run.image * shape.h * shape.w + run.pixel + lane * shape.stride_w) * shape.c;
      lanes.valid[lane] = 0xffff;
    }
  }
  return lanes;
}

TWOFOUR_AVX512 void pack_tap(const LanePixels& lanes, Range channels, float* dst) {
  for (int64_t c = channels.begin; c < channels.end; c += 16) {
    const int64_t count = std::min<int64_t>(16, channels.end - c);
    const __mmask16 mask = first_lanes(count);
    Rows16 m;
    for (int lane = 0; lane < 16; ++lane)
      m.row[lane] = _mm512_maskz_loadu_ps(static_cast<__mmask16>(mask & lanes.valid[lane]), lanes.from[lane] + c);
    transpose16(m);
    for (int i = 0; i < count; ++i) _mm512_store_ps(dst + (c - channels.begin + i) * kPanelWidth, m.row[i]);
  }
}

TWOFOUR_AVX512 inline __m512 finish(__m512 v, const LateEpilogue& epilogue, __mmask16 mask, int64_t offset) {
  if (epilogue.residual) v = _mm512_mask_add_ps(v, mask, v, _mm512_maskz_loadu_ps(mask, epilogue.residual + offset));
  if (!epilogue.clamp) return v;
  // max and min return their second operand when either is NaN.
  v = _mm512_max_ps(_mm512_set1_ps(epilogue.lo), v);
  return _mm512_min_ps(_mm512_set1_ps(epilogue.hi), v);
}

/// `count` channels of up to sixteen pixels that lie `pixel_stride` floats apart.
TWOFOUR_AVX512 void unpack_square(const float* src, int64_t count, int64_t pixels, int64_t offset,
                                  int64_t pixel_stride, const LateEpilogue& epilogue, float* dst) {
  const __mmask16 mask = first_lanes(count);
  Rows16 m;
  for (int64_t i = 0; i < 16; ++i) m.row[i] = i < count ? _mm512_load_ps(src + i * 16) : _mm512_setzero_ps();
  transpose16(m);
  for (int64_t i = 0; i < pixels; ++i) {
    const int64_t at = offset + i * pixel_stride;
    _mm512_mask_storeu_ps(dst + at, mask, finish(m.row[i], epilogue, mask, at));
  }
}

}  // namespace

void pack_nhwc_avx512(const ConvShape& shape, const float* src, Range panels, Range rows, float* dst,
                      int64_t panel_stride) {
  for (int64_t p = panels.begin; p < panels.end; ++p) {
    float* out = dst + (p - panels.begin) * panel_stride;
    for (int64_t row = rows.begin; row < rows.end;) {
      const int64_t tap = row / shape.c;
      const Range channels{row - tap * shape.c, std::min(shape.c, rows.end - tap * shape.c)};
      pack_tap(find_lane_pixels(shape, src, p, tap / shape.s, tap % shape.s), channels,
               out + (row - rows.begin) * kPanelWidth);
      row += channels.size();
    }
  }
}

void unpack_nhwc_avx512(const ConvShape& shape, const float* src, Range panels, Range channels, int64_t panel_stride,
                        const LateEpilogue& epilogue, float* dst) {
  for (int64_t p = panels.begin; p < panels.end; ++p) {
    const int64_t first_pixel = p * kPanelWidth;
    const int64_t pixels = std::min(kPanelWidth, shape.pixels() - first_pixel);
    for (int64_t m = channels.begin; m < channels.end; m += 16)
      unpack_square(src + (p - panels.begin) * panel_stride + (m - channels.begin) * kPanelWidth,
                    std::min<int64_t>(16, channels.end - m), pixels, first_pixel * shape.k + m, shape.k, epilogue,
                    dst);
  }
}

}  // namespace twofour::cpu
