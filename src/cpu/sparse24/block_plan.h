// How a 2:4 matrix [M,K] is cut into generated blocks, and a multiplication into work for threads.
//
// Four neighbouring columns of a row, of which W keeps two values, are a quad here; a group is one of a
// convolution. A block covers `m_block` rows times `k_block` columns of W, at most. Blocks are laid out and
// run by K super-block, then rows, then K: the C rows of a block stay in L1 while the K blocks of one
// super-block add to them, and the X tile of one super-block stays in L2 while all rows pass over it.
#pragma once

#include <cstdint>
#include <vector>

#include "base/parallel.h"

namespace twofour::cpu {

constexpr int64_t kMaxTilePanels = 64;
constexpr int64_t kPanelWidth = 16;  // columns of a panel: one vector of f32
constexpr int64_t kPanelRowBytes = kPanelWidth * static_cast<int64_t>(sizeof(float));
/// Rows of a block of lists: many, which share the X rows in L1. Their cache lines, times the panels, fall
/// into different cache sets.
constexpr int64_t kMaxListedRows = 92;

/// How convolutions read their input, see conv_map.h.
enum class ConvMapping : uint8_t { kAuto, kPacked, kPlanar, kDirect };

struct Range {
  int64_t begin = 0;
  int64_t end = 0;
  int64_t size() const { return end - begin; }
  bool operator==(const Range&) const = default;
};

/// [0, total) cut into the fewest ranges of at most `limit` items, as equal as multiples of `unit` allow.
std::vector<Range> split_evenly(int64_t total, int64_t limit, int64_t unit);

struct BlockPlan {
  std::vector<Range> m_blocks;      // rows
  std::vector<Range> k_blocks;      // X rows, multiples of four but for the end
  std::vector<Range> super_blocks;  // indices into k_blocks
  int64_t m_block = 0;              // rows of the largest block
};
/// Blocks of at most m_block x k_block that do not cross multiples of `group_rows`, which divides m; within a
/// group they begin at multiples of `row_unit`.
BlockPlan plan_blocks(int64_t m, int64_t k, int64_t m_block, int64_t k_block, int64_t super_block,
                      int64_t group_rows, int64_t row_unit = 1);

/// Work items are tiles of panels times parts of the row blocks; tiles vary fastest, then images.
struct WorkPlan {
  int64_t images = 1;
  int64_t panels = 0;  // of an image
  int64_t tiles = 0;   // of an image
  int64_t row_parts = 1;
  int64_t m_blocks = 0;

  int64_t items() const { return images * tiles * row_parts; }
  int64_t tile_panels() const { return tiles == 0 ? 0 : (panels + tiles - 1) / tiles; }
  int64_t image(int64_t item) const { return item / tiles % images; }
  Range tile(int64_t item) const {
    const int64_t i = item % tiles;
    return {panels * i / tiles, panels * (i + 1) / tiles};
  }
  Range rows(int64_t item) const {
    const int64_t i = item / tiles / images;
    return {m_blocks * i / row_parts, m_blocks * (i + 1) / row_parts};
  }
};
/// Tiles of at most `tile_panels` panels, enough of them (or of row parts) to keep `threads` busy evenly. No
/// row part crosses the bounds of the `bundles` equal parts of the row blocks.
WorkPlan plan_work(int64_t images, int64_t panels, int64_t m_blocks, int64_t tile_panels, int threads,
                   int64_t bundles = 1);

/// fn(thread, item) for every item, `thread` in [0, threads) never being used twice at a time. fn must not
/// throw.
template <typename Fn>
void parallel_items(const WorkPlan& work, int threads, const Fn& fn) {
  parallel_ranges(threads, 1, [&](int64_t begin, int64_t end) {
    for (int64_t thread = begin; thread < end; ++thread)
      for (int64_t i = work.items() * thread / threads; i < work.items() * (thread + 1) / threads; ++i)
        fn(thread, i);
  });
}

}  // namespace twofour::cpu
