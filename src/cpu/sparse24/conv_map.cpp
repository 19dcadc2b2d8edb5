#include "cpu/sparse24/conv_map.h"

#include <algorithm>

#include "base/align.h"
#include "base/cpu.h"

namespace twofour::cpu {
namespace {

constexpr int64_t kBundleChannels = 128;

int64_t panels_of(int64_t columns) { return ceil_div(columns, kPanelWidth); }

int64_t padded_w(const ConvShape& shape) { return shape.w + shape.pad_left + shape.pad_right; }

/// Positions from tap (0, 0) to the last tap.
int64_t tap_reach(const ConvShape& shape) {
  return (shape.r - 1) * shape.dilation_h * padded_w(shape) + (shape.s - 1) * shape.dilation_w;
}

// Estimated costs relative to the FMAs, as measured. Packed: a copy per X row of a panel, against half as
// many FMAs on it as the group has output channels. Planar: the dropped columns, and loads across cache lines
// from many streams. Direct: whole lines from many streams.
constexpr double kCopy = 16.0;
constexpr double kScatteredLoads = 0.15;
constexpr double kScatteredLines = 0.04;

bool planar_pays(const ConvShape& shape) {
  const double dropped = static_cast<double>(padded_w(shape)) / static_cast<double>(shape.out_w()) - 1.0;
  return dropped + kScatteredLoads < kCopy / static_cast<double>(shape.group_k());
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

bool direct_pays(const ConvShape& shape) {
  return kScatteredLines < kCopy / static_cast<double>(shape.group_k());
}

/// X rows are found by displacements of 31 bits.
bool direct_is_possible(const ConvShape& shape) {
  constexpr int64_t kMaxFloats = int64_t{1} << 28;
  return shape.pointwise() && shape.layout == ImageLayout::kNchw && shape.h * shape.w % kPanelWidth == 0 &&
         kBundleChannels * shape.h * shape.w < kMaxFloats && shape.group_c() * shape.h * shape.w < kMaxFloats;
}

bool planar_is_possible(const ConvShape& shape, int64_t tile_panels) {
  return shape.stride_h == 1 && shape.stride_w == 1 &&
         tile_panels + panels_of(tap_reach(shape)) <= kMaxTilePanels;
}

ConvMapping best_mapping(const ConvShape& shape) {
  if (direct_is_possible(shape) && direct_pays(shape)) return ConvMapping::kDirect;
  return (shape.r > 1 || shape.s > 1) && planar_pays(shape) ? ConvMapping::kPlanar : ConvMapping::kPacked;
}

/// The most groups that have at most so many channels together.
int64_t bundle_of(const ConvShape& shape, int64_t channels) {
  int64_t bundle = std::clamp<int64_t>(channels / shape.group_c(), 1, shape.groups);
  while (shape.groups % bundle != 0) --bundle;
  return bundle;
}

/// The X rows of a bundle fit into half of L2.
ConvMap packed_map(const ConvShape& shape, int64_t tile_panels) {
  const int64_t rows = static_cast<int64_t>(l2_bytes() / 2) / (tile_panels * kPanelRowBytes);
  ConvMap map{.shape = flattened(shape), .panels = panels_of(shape.pixels()), .padding = {}};
  map.bundle = bundle_of(shape, std::min(kBundleChannels, rows / (shape.r * shape.s)));
  map.channel_stride = kPanelWidth;
  return map;
}

ConvMap planar_map(const ConvShape& shape, int64_t tile_panels) {
  ConvMap map{.shape = shape, .mapping = ConvMapping::kPlanar, .images = shape.batch, .padding = {}};
  map.panels = panels_of((shape.out_h() - 1) * padded_w(shape) + shape.out_w());
  map.padding = padding_of(shape);
  map.bundle = bundle_of(shape, kBundleChannels);
  map.halo_panels = panels_of(tap_reach(shape));
  // An odd number of lines spreads the channels over the cache sets.
  map.channel_stride = ((std::min(map.panels, tile_panels) + map.halo_panels) | 1) * kPanelWidth;
  return map;
}

ConvMap direct_map(const ConvShape& shape) {
  const int64_t plane = shape.h * shape.w;
  return {.shape = flattened(shape),
          .mapping = ConvMapping::kDirect,
          .images = shape.batch,
          .panels = plane / kPanelWidth,
          .padding = {},
          .bundle = bundle_of(shape, kBundleChannels),
          .channel_stride = plane};
}

}  // namespace

ConvMap map_conv(const ConvShape& shape, int64_t tile_panels, ConvMapping mapping) {
  if (mapping == ConvMapping::kAuto) mapping = best_mapping(shape);
  if (mapping == ConvMapping::kDirect && direct_is_possible(shape)) return direct_map(shape);
  if (mapping == ConvMapping::kPlanar && planar_is_possible(shape, tile_panels))
    return planar_map(shape, tile_panels);
  return packed_map(shape, tile_panels);
}

ConvShape ConvMap::output_pixels(int64_t channels) const {
  const int64_t out_w = shape.out_w(), out_h = shape.out_h();
  ConvShape pixels{.layout = shape.layout, .c = channels, .h = 1, .w = shape.w};
  if (mapping == ConvMapping::kDirect) return pixels;
  if (mapping == ConvMapping::kPacked) {
    pixels.batch = shape.batch;
    pixels.w = out_w * out_h;
    return pixels;
  }
  pixels.h = out_h;
  pixels.w = out_w;
  pixels.pad_right = padded_w(shape) - out_w;
  return pixels;
}

PixelFinder ConvMap::outputs() const { return PixelFinder(output_pixels(shape.k), 0, 0); }

std::vector<int64_t> ConvMap::row_offsets() const {
  std::vector<int64_t> offsets;
  if (in_blocks()) return offsets;
  const bool packed = mapping == ConvMapping::kPacked;
  const int64_t tap_stride = packed ? bundle_channels() * channel_stride : shape.dilation_w;
  const int64_t tap_row_stride = packed ? shape.s * tap_stride : shape.dilation_h * padded_w(shape);
  for (int64_t r = 0; r < shape.r; ++r)
    for (int64_t s = 0; s < shape.s; ++s)
      for (int64_t c = 0; c < shape.group_c(); ++c)
        offsets.push_back(static_cast<int64_t>(sizeof(float)) *
                          (r * tap_row_stride + s * tap_stride + c * channel_stride));
  return offsets;
}

}  // namespace twofour::cpu
