#include "cpu/sparse24/tile_runner.h"

#include <algorithm>

#include "base/align.h"

namespace twofour::cpu {
namespace {

constexpr int64_t kFloatBytes = sizeof(float);

int64_t panel_sums(const BlockPlan& plan) { return plan.m_block * kPanelWidth; }

/// Floats between the packed X panels of a K block. One line more than the data: at a power of two, the
/// panels of a tile would compete for the same cache set.
int64_t packed_panel_floats(const Range& columns) { return (columns.size() + 1) * kPanelWidth; }

int64_t packed_floats(const BlockPlan& plan, const Range& super_block) {
  int64_t floats = 0;
  for (int64_t kb = super_block.begin; kb < super_block.end; ++kb)
    floats += packed_panel_floats(plan.k_blocks[static_cast<size_t>(kb)]);
  return floats;
}

/// X of a bundle of several groups that is packed as a whole.
Range bundle_rows(const ConvMap& map) { return {0, map.shape.r * map.shape.s * map.bundle_channels()}; }

int64_t x_floats(const ConvMap& map, const BlockPlan& plan, int64_t panels) {
  if (map.mapping == ConvMapping::kDirect) return 0;
  if (map.mapping == ConvMapping::kPlanar) return map.bundle_channels() * map.channel_stride;
  if (!map.in_blocks()) return panels * packed_panel_floats(bundle_rows(map));
  int64_t floats = 0;
  for (const Range& super_block : plan.super_blocks)
    floats = std::max(floats, panels * packed_floats(plan, super_block));
  return floats;
}

/// How many row blocks' sums exist at a time. With several super-blocks those of all in the bundle; else NHWC
/// rows, which are delivered kUnpackedChannels at a time, wait over as many blocks as that takes.
int64_t held_blocks(const ConvMap& map, const BlockPlan& plan, int64_t rows_together) {
  const int64_t blocks = static_cast<int64_t>(plan.m_blocks.size()) / map.bundles();
  if (plan.super_blocks.size() > 1) return blocks;
  if (map.shape.layout == ImageLayout::kNchw) return 1;
  const int64_t least =
      std::max<int64_t>(std::ranges::min(plan.m_blocks, {}, &Range::size).size() / rows_together, 1);
  return std::min(blocks, ceil_div(kUnpackedChannels - 1, least) + 1);
}

}  // namespace

TileScratch tile_scratch(const ConvMap& map, const BlockPlan& plan, int64_t panels, int64_t rows_together) {
  TileScratch scratch;
  scratch.x_floats = x_floats(map, plan, panels);
  scratch.sum_floats = held_blocks(map, plan, rows_together) * panels * panel_sums(plan);
  scratch.residual_floats = panels * panel_sums(plan);
  return scratch;
}

TileRunner::TileRunner(const ConvCall& call, std::byte* scratch, int64_t max_panels)
    : call_(call),
      copies_(panel_copies(call.gemm.options().isa)),
      sum_stride_(panel_sums(plan())),
      held_blocks_(held_blocks(call.map, plan(), call.rows_together)),
      panel_stride_(call.map.mapping == ConvMapping::kPacked ? packed_panel_floats(bundle_rows(call.map))
                                                             : kPanelWidth),
      pack_panels_(call.gemm.options().kind == ProductKind::kCodes ? copies_.pack_codes
                   : shape().layout == ImageLayout::kNchw          ? copies_.pack_nchw
                                                                   : copies_.pack_nhwc),
      plane_(shape().out_h() * shape().out_w()),
      outputs_(call.map.outputs()) {
  const TileScratch parts = tile_scratch(call.map, plan(), max_panels, call.rows_together);
  x_ = reinterpret_cast<float*>(scratch);
  sums_ = x_ + parts.x_floats;
  residual_ = sums_ + parts.sum_floats;
}

void TileRunner::run(int64_t image, Range tile, Range m_blocks) {
  image_ = image;
  tile_ = tile;
  m_blocks_ = m_blocks;
  first_channel_ = group(m_blocks.begin) / call_.map.bundle * call_.map.bundle_channels();
  delivered_ = result_rows(m_blocks.begin).begin;
  find_pixels();
  for (const Range& super_block : plan().super_blocks) {
    pack(super_block);
    for (int64_t mb = m_blocks.begin; mb < m_blocks.end; ++mb) multiply(mb, super_block);
  }
}

void TileRunner::find_pixels() {
  for (int64_t i = 0; i < tile_.size(); ++i) {
    PixelRuns& pixels = pixels_[static_cast<size_t>(i)];
    outputs_.find(tile_.begin + i, pixels);
    for (int run = 0; run < pixels.count; ++run) pixels.runs[static_cast<size_t>(run)].image += image_;
  }
}

float* TileRunner::sums(int64_t m_block) const {
  return sums_ + (m_block - m_blocks_.begin) % held_blocks_ * tile_.size() * sum_stride_;
}

int64_t TileRunner::group(int64_t m_block) const {
  return m_block * shape().groups / static_cast<int64_t>(plan().m_blocks.size());
}

void TileRunner::pack(Range k_blocks) {
  if (call_.map.mapping == ConvMapping::kDirect) return;
  if (call_.map.mapping == ConvMapping::kPlanar) {
    const float* src = call_.src + image_ * shape().c * shape().h * shape().w;
    const Range panels{tile_.begin, tile_.end + call_.map.halo_panels};
    const Range channels{first_channel_, first_channel_ + call_.map.bundle_channels()};
    return pack_panels_(call_.map.padding, src, panels, channels, x_, kPanelWidth, call_.map.channel_stride);
  }
  if (!call_.map.in_blocks()) return pack_rows(bundle_rows(call_.map), x_);
  float* dst = x_;
  for (int64_t kb = k_blocks.begin; kb < k_blocks.end; ++kb) {
    const Range& columns = plan().k_blocks[static_cast<size_t>(kb)];
    pack_rows(columns, dst);
    dst += tile_.size() * packed_panel_floats(columns);
  }
}

/// `rows` are in the order (r, s, channel of the bundle).
void TileRunner::pack_rows(Range rows, float* dst) {
  const int64_t channels = call_.map.bundle_channels();
  for (int64_t row = rows.begin; row < rows.end;) {
    const int64_t tap = row / channels;
    const int64_t end = std::min((tap + 1) * channels, rows.end);
    const int64_t skipped = tap * (shape().c - channels) + first_channel_;
    pack_panels_(shape(), call_.src, tile_, {row + skipped, end + skipped},
                 dst + (row - rows.begin) * kPanelWidth, packed_panel_floats(rows), kPanelWidth);
    row = end;
  }
}

/// The first X row of a group, unless in_blocks() of all of its K blocks.
const float* TileRunner::x_of(int64_t group) const {
  const bool direct = call_.map.mapping == ConvMapping::kDirect;
  const float* x =
      direct ? call_.src + (image_ * shape().c + first_channel_) * plane_ + tile_.begin * kPanelWidth : x_;
  return x + (group * shape().group_c() - first_channel_) * call_.map.channel_stride;
}

void TileRunner::multiply(int64_t m_block, Range k_blocks) {
  const bool last = k_blocks.end == static_cast<int64_t>(plan().k_blocks.size());
  if (last) aim(m_block);
  const bool in_blocks = call_.map.in_blocks();
  const float* x = x_of(group(m_block));
  for (int64_t kb = k_blocks.begin; kb < k_blocks.end; ++kb) {
    const int64_t block_stride = packed_panel_floats(plan().k_blocks[static_cast<size_t>(kb)]);
    call_.gemm.run_block(static_cast<size_t>(m_block), static_cast<size_t>(kb),
                         {.x = x,
                          .x_stride = (in_blocks ? block_stride : panel_stride_) * kFloatBytes,
                          .sum = sums(m_block),
                          .sum_stride = sum_stride_ * kFloatBytes,
                          .targets = targets_.data(),
                          .panels = tile_.size(),
                          .last_lanes = last_lanes()});
    if (in_blocks) x += tile_.size() * block_stride;
  }
  if (last) shape().layout == ImageLayout::kNhwc ? deliver_nhwc(m_block) : deliver_nchw(m_block);
}

/// Of the tile's last panel: those up to the last pixel.
int64_t TileRunner::last_lanes() const {
  const PixelRuns& pixels = pixels_[static_cast<size_t>(tile_.size() - 1)];
  return pixels.count == 0 ? 0 : pixels.runs[static_cast<size_t>(pixels.count - 1)].last;
}

/// Whether sixteen lanes of the panel are sixteen neighbouring floats of dst.
bool TileRunner::writes_in_place(const PixelRuns& pixels) const {
  return shape().layout == ImageLayout::kNchw && pixels.count == 1 &&
         pixels.runs[0].last - pixels.runs[0].first == kPanelWidth;
}

/// Points each panel's last block at dst, or at its own partial sums where it has to be delivered afterwards.
void TileRunner::aim(int64_t m_block) {
  if (call_.rows_together > 1) return aim_at_narrow(m_block);
  const Range& rows = plan().m_blocks[static_cast<size_t>(m_block)];
  for (int64_t i = 0; i < tile_.size(); ++i) {
    const PixelRuns& pixels = pixels_[static_cast<size_t>(i)];
    PanelTarget& target = targets_[static_cast<size_t>(i)];
    if (writes_in_place(pixels)) {
      const int64_t offset = (pixels.runs[0].image * shape().k + rows.begin) * plane_ + pixels.runs[0].pixel;
      target = {call_.dst + offset, call_.residual ? call_.residual + offset : nullptr, plane_ * kFloatBytes};
      continue;
    }
    float* residual = residual_ + i * sum_stride_;
    target = {sums(m_block) + i * sum_stride_, residual, kPanelRowBytes};
    if (call_.residual && shape().layout == ImageLayout::kNchw)
      copies_.gather_nchw(call_.residual, pixels, plane_, shape().k, rows, residual);
  }
}

/// The residual is packed like X.
void TileRunner::aim_at_narrow(int64_t m_block) {
  const int64_t channels = shape().k / call_.rows_together;
  if (call_.residual)
    copies_.pack_nhwc(call_.map.output_pixels(channels), call_.residual + image_ * plane_ * channels, tile_,
                      result_rows(m_block), residual_, sum_stride_, kPanelWidth);
  for (int64_t i = 0; i < tile_.size(); ++i)
    targets_[static_cast<size_t>(i)] = {sums(m_block) + i * sum_stride_, residual_ + i * sum_stride_,
                                        kPanelRowBytes};
}

void TileRunner::deliver_nchw(int64_t m_block) {
  for (int64_t i = 0; i < tile_.size(); ++i) {
    const PixelRuns& pixels = pixels_[static_cast<size_t>(i)];
    if (writes_in_place(pixels)) continue;
    copies_.scatter_nchw(sums(m_block) + i * sum_stride_, pixels, plane_, shape().k,
                         plan().m_blocks[static_cast<size_t>(m_block)], call_.dst);
  }
}

/// Of a row block: what its results take as f32.
Range TileRunner::result_rows(int64_t m_block) const {
  const Range& rows = plan().m_blocks[static_cast<size_t>(m_block)];
  return {rows.begin / call_.rows_together, rows.end / call_.rows_together};
}

/// Whole cache lines of several pixels at a time: channels at the end of a row block wait for the next one.
void TileRunner::deliver_nhwc(int64_t m_block) {
  const int64_t ready = result_rows(m_block).end;
  const bool last = m_block + 1 == m_blocks_.end;
  while (delivered_ < ready) {
    const int64_t end = (delivered_ / kUnpackedChannels + 1) * kUnpackedChannels;
    if (end > ready && !last) return;
    const Range rows{delivered_, std::min(end, ready)};
    copies_.unpack_nhwc(finished_rows(rows, m_block), sum_stride_,
                        std::span(pixels_).first(static_cast<size_t>(tile_.size())), plane_,
                        shape().k / call_.rows_together, call_.late, call_.dst);
    delivered_ = rows.end;
  }
}

/// Where the results of rows up to one of m_block are.
ChannelRows TileRunner::finished_rows(Range rows, int64_t m_block) const {
  ChannelRows result{.channel = rows.begin, .count = rows.size(), .row = {}};
  for (int64_t m = rows.end - 1; m >= rows.begin; --m) {
    while (m < result_rows(m_block).begin) --m_block;
    const int64_t row = m - result_rows(m_block).begin;
    result.row[static_cast<size_t>(m - rows.begin)] = sums(m_block) + row * kPanelWidth;
  }
  return result;
}

}  // namespace twofour::cpu
