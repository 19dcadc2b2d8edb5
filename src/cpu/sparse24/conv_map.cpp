#include "cpu/sparse24/conv_map.h"

#include <algorithm>

namespace twofour::cpu {
namespace {

int64_t panels_of(int64_t columns) { return (columns + kPanelWidth - 1) / kPanelWidth; }

int64_t padded_w(const ConvShape& shape) { return shape.w + shape.pad_left + shape.pad_right; }

/// Positions from tap (0, 0) to the last tap.
int64_t tap_reach(const ConvShape& shape) {
  return (shape.r - 1) * shape.dilation_h * padded_w(shape) + (shape.s - 1) * shape.dilation_w;
}

/// Estimated costs relative to the FMAs, as measured. Planar: the dropped columns, and loads across cache
/// lines from many streams. Packed: a copy per X row of a panel, against K/2 FMAs on it.
bool planar_pays(const ConvShape& shape) {
  constexpr double kScatteredLoads = 0.15;
  constexpr double kCopy = 16.0;
  const double dropped = static_cast<double>(padded_w(shape)) / static_cast<double>(shape.out_w()) - 1.0;
  return dropped + kScatteredLoads < kCopy / static_cast<double>(shape.k);
}

ConvShape padding_of(const ConvShape& shape) {
  ConvShape padding = shape;
  padding.batch = 1;
  padding.r = padding.s = padding.dilation_h = padding.dilation_w = 1;
  return padding;
}

/// Pointwise convolutions see an image as one row of pixels, in NHWC all images.
ConvShape flattened(const ConvShape& shape) {
  if (!shape.pointwise()) return shape;
  ConvShape flat = shape;
  flat.w = shape.h * shape.w;
  flat.h = 1;
  if (shape.layout == ImageLayout::kNhwc) {
    flat.w *= shape.batch;
    flat.batch = 1;
  }
  return flat;
}

}  // namespace

ConvMap map_conv(const ConvShape& shape, int64_t tile_panels, ConvMapping mapping) {
  ConvMap map{.shape = flattened(shape), .panels = panels_of(shape.pixels()), .padding = {}};
  const int64_t halo = panels_of(tap_reach(shape));
  const bool possible = shape.stride_h == 1 && shape.stride_w == 1 && tile_panels + halo <= kMaxTilePanels;
  const bool wanted = mapping == ConvMapping::kAuto ? (shape.r > 1 || shape.s > 1) && planar_pays(shape)
                                                    : mapping == ConvMapping::kPlanar;
  if (!possible || !wanted) return map;
  map.shape = shape;
  map.planar = true;
  map.images = shape.batch;
  map.panels = panels_of((shape.out_h() - 1) * padded_w(shape) + shape.out_w());
  map.padding = padding_of(shape);
  map.halo_panels = halo;
  // An odd number of lines spreads the channels over the cache sets.
  map.channel_stride = ((std::min(map.panels, tile_panels) + halo) | 1) * kPanelWidth;
  return map;
}

PixelFinder ConvMap::outputs() const {
  const int64_t out_w = shape.out_w(), out_h = shape.out_h();
  if (!planar) return PixelFinder({.batch = shape.batch, .c = shape.k, .h = 1, .w = out_w * out_h}, 0, 0);
  return PixelFinder({.c = shape.k, .h = out_h, .w = out_w, .pad_right = padded_w(shape) - out_w}, 0, 0);
}

std::vector<int64_t> ConvMap::row_offsets() const {
  std::vector<int64_t> offsets;
  if (!planar) return offsets;
  for (int64_t r = 0; r < shape.r; ++r)
    for (int64_t s = 0; s < shape.s; ++s)
      for (int64_t c = 0; c < shape.c; ++c)
        offsets.push_back(
            static_cast<int64_t>(sizeof(float)) *
            (c * channel_stride + r * shape.dilation_h * padded_w(shape) + s * shape.dilation_w));
  return offsets;
}

}  // namespace twofour::cpu
