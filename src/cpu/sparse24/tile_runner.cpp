#include "cpu/sparse24/tile_runner.h"

#include <algorithm>
#include <cstring>

namespace twofour::cpu {
namespace {

constexpr int64_t kFloatBytes = sizeof(float);
constexpr int64_t kPanelRowBytes = kPanelWidth * kFloatBytes;
constexpr int64_t kSumStride = kMaxBlockRows * kPanelWidth;  // floats from panel to panel of one row block

constexpr int64_t kInPieces = -1;  // sixteen pixels of the panel are not sixteen floats of dst

/// Floats between the X panels of a K block. One line more than the data: at a power of two, the panels of a tile
/// would compete for the same cache set.
int64_t packed_panel_floats(const Range& columns) { return (columns.size() + 1) * kPanelWidth; }

/// Copies `rows` rows of sixteen lanes between a panel and the pixels of an NCHW image it stands for.
template <typename Copy>
void for_each_piece(const ConvShape& shape, int64_t panel, Range rows, const Copy& copy) {
  const int64_t plane = shape.out_h() * shape.out_w();
  const PixelRuns pixels = output_pixel_finder(shape).find(panel);
  for (int i = 0; i < pixels.count; ++i) {
    const PixelRun& run = pixels.runs[static_cast<size_t>(i)];
    for (int64_t m = rows.begin; m < rows.end; ++m)
      copy((m - rows.begin) * kPanelWidth + run.first, (run.image * shape.k + m) * plane + run.pixel + run.first,
           static_cast<size_t>(run.last - run.first) * sizeof(float));
  }
}

}  // namespace

TileScratch tile_scratch(const BlockPlan& plan, int64_t panels) {
  TileScratch scratch;
  for (const Range& super_block : plan.super_blocks) {
    int64_t floats = 0;
    for (int64_t kb = super_block.begin; kb < super_block.end; ++kb)
      floats += panels * packed_panel_floats(plan.k_blocks[static_cast<size_t>(kb)]);
    scratch.x_floats = std::max(scratch.x_floats, floats);
  }
  const auto row_blocks = plan.super_blocks.size() > 1 ? static_cast<int64_t>(plan.m_blocks.size()) : int64_t{2};
  scratch.sum_floats = row_blocks * panels * kSumStride;
  scratch.residual_floats = panels * kSumStride;
  return scratch;
}

TileRunner::TileRunner(const ConvCall& call, std::byte* scratch, int64_t max_panels)
    : call_(call), plane_(call.shape.out_h() * call.shape.out_w()) {
  const TileScratch parts = tile_scratch(plan(), max_panels);
  x_ = reinterpret_cast<float*>(scratch);
  sums_ = x_ + parts.x_floats;
  residual_ = sums_ + parts.sum_floats;
}

void TileRunner::run(Range tile, Range m_blocks) {
  tile_ = tile;
  m_blocks_ = m_blocks;
  place_panels();
  delivered_ = plan().m_blocks[static_cast<size_t>(m_blocks.begin)].begin;
  for (const Range& super_block : plan().super_blocks) {
    pack(super_block);
    for (int64_t mb = m_blocks.begin; mb < m_blocks.end; ++mb) multiply(mb, super_block);
  }
}

/// With one K super-block a row block's sums live until the next one's are delivered, else until the end.
float* TileRunner::sums(int64_t m_block) const {
  const int64_t slot = plan().super_blocks.size() > 1 ? m_block - m_blocks_.begin : m_block % 2;
  return sums_ + slot * tile_.size() * kSumStride;
}

void TileRunner::pack(Range k_blocks) {
  float* dst = x_;
  for (int64_t kb = k_blocks.begin; kb < k_blocks.end; ++kb) {
    const Range& columns = plan().k_blocks[static_cast<size_t>(kb)];
    const auto pack_panels = call_.shape.layout == ImageLayout::kNchw ? pack_nchw_avx512 : pack_nhwc_avx512;
    pack_panels(call_.shape, call_.src, tile_, columns, dst, packed_panel_floats(columns));
    dst += tile_.size() * packed_panel_floats(columns);
  }
}

void TileRunner::multiply(int64_t m_block, Range k_blocks) {
  const bool last = k_blocks.end == static_cast<int64_t>(plan().k_blocks.size());
  if (last) aim(m_block);
  const float* x = x_;
  for (int64_t kb = k_blocks.begin; kb < k_blocks.end; ++kb) {
    const int64_t stride = packed_panel_floats(plan().k_blocks[static_cast<size_t>(kb)]);
    call_.gemm.run_block(static_cast<size_t>(m_block), static_cast<size_t>(kb),
                         {.x = x,
                          .x_stride = stride * kFloatBytes,
                          .sum = sums(m_block),
                          .sum_stride = kSumStride * kFloatBytes,
                          .targets = targets_.data(),
                          .panels = tile_.size()});
    x += tile_.size() * stride;
  }
  if (last) call_.shape.layout == ImageLayout::kNhwc ? deliver_nhwc(m_block) : deliver_nchw(m_block);
}

void TileRunner::place_panels() {
  for (int64_t p = tile_.begin; p < tile_.end; ++p) {
    const int64_t image = p * kPanelWidth / plane_;
    const int64_t pixel = p * kPanelWidth - image * plane_;
    const bool whole = call_.shape.layout == ImageLayout::kNchw && pixel + kPanelWidth <= plane_;
    places_[static_cast<size_t>(p - tile_.begin)] = whole ? image * call_.shape.k * plane_ + pixel : kInPieces;
  }
}

/// Points each panel's last block at dst, or at its own partial sums where it has to be delivered afterwards.
void TileRunner::aim(int64_t m_block) {
  const Range& rows = plan().m_blocks[static_cast<size_t>(m_block)];
  for (int64_t i = 0; i < tile_.size(); ++i) {
    PanelTarget& target = targets_[static_cast<size_t>(i)];
    const int64_t place = places_[static_cast<size_t>(i)];
    if (place != kInPieces) {
      const int64_t offset = place + rows.begin * plane_;
      target = {call_.dst + offset, call_.residual ? call_.residual + offset : nullptr, plane_ * kFloatBytes};
      continue;
    }
    float* residual = residual_ + i * kSumStride;
    target = {sums(m_block) + i * kSumStride, residual, kPanelRowBytes};
    if (call_.residual && call_.shape.layout == ImageLayout::kNchw)
      for_each_piece(call_.shape, tile_.begin + i, rows, [&](int64_t in_panel, int64_t in_image, size_t bytes) {
        std::memcpy(residual + in_panel, call_.residual + in_image, bytes);
      });
  }
}

void TileRunner::deliver_nchw(int64_t m_block) {
  for (int64_t i = 0; i < tile_.size(); ++i) {
    if (places_[static_cast<size_t>(i)] != kInPieces) continue;
    const float* panel = sums(m_block) + i * kSumStride;
    for_each_piece(call_.shape, tile_.begin + i, plan().m_blocks[static_cast<size_t>(m_block)],
                   [&](int64_t in_panel, int64_t in_image, size_t bytes) {
                     std::memcpy(call_.dst + in_image, panel + in_panel, bytes);
                   });
  }
}

/// Writes channels by sixteen, which makes whole cache lines: those at the end of a row block wait for the next one.
void TileRunner::deliver_nhwc(int64_t m_block) {
  const int64_t ready = plan().m_blocks[static_cast<size_t>(m_block)].end;
  const bool last = m_block + 1 == m_blocks_.end;
  while (delivered_ < ready) {
    const int64_t end = delivered_ / kPanelWidth * kPanelWidth + kPanelWidth;
    if (end > ready && !last) return;
    ChannelRows rows{.channel = delivered_, .count = std::min(end, ready) - delivered_, .row = {}};
    for (int64_t i = 0; i < rows.count; ++i) {
      const int64_t m = delivered_ + i;
      const int64_t block = m < plan().m_blocks[static_cast<size_t>(m_block)].begin ? m_block - 1 : m_block;
      rows.row[static_cast<size_t>(i)] =
          sums(block) + (m - plan().m_blocks[static_cast<size_t>(block)].begin) * kPanelWidth;
    }
    unpack_nhwc_avx512(call_.shape, rows, tile_, kSumStride, call_.late, call_.dst);
    delivered_ += rows.count;
  }
}

}  // namespace twofour::cpu
