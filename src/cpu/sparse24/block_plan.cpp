#include "cpu/sparse24/block_plan.h"

#include <algorithm>

#include "base/align.h"

namespace twofour::cpu {
namespace {

constexpr int64_t kMinTilePanels = 6;  // below this, fetching code costs more than dividing the rows
constexpr int64_t kManyTiles = 8;      // per thread; beyond, an uneven rest does not matter

}  // namespace

std::vector<Range> split_evenly(int64_t total, int64_t limit, int64_t unit) {
  std::vector<Range> ranges;
  const int64_t units = ceil_div(total, unit);
  const int64_t count = ceil_div(units, std::max<int64_t>(limit / unit, 1));
  for (int64_t i = 0; i < count; ++i)
    ranges.push_back(
        {std::min(units * i / count * unit, total), std::min(units * (i + 1) / count * unit, total)});
  return ranges;
}

BlockPlan plan_blocks(int64_t m, int64_t k, int64_t m_block, int64_t k_block, int64_t super_block,
                      int64_t group_rows, int64_t row_unit) {
  BlockPlan plan;
  for (int64_t first = 0; first < m; first += group_rows)
    for (const Range& rows : split_evenly(group_rows, m_block, row_unit)) {
      plan.m_blocks.push_back({first + rows.begin, first + rows.end});
      plan.m_block = std::max(plan.m_block, rows.size());
    }
  plan.k_blocks = split_evenly(k, k_block, 4);
  const int64_t per_super = std::max<int64_t>(super_block / k_block, 1);
  plan.super_blocks = split_evenly(static_cast<int64_t>(plan.k_blocks.size()), per_super, 1);
  return plan;
}

WorkPlan plan_work(int64_t images, int64_t panels, int64_t m_blocks, int64_t tile_panels, int threads,
                   int64_t bundles) {
  WorkPlan plan{.images = images,
                .panels = panels,
                .tiles = ceil_div(panels, tile_panels),
                .row_parts = bundles,
                .m_blocks = m_blocks};
  if (threads <= 1 || images * panels == 0 || plan.items() >= kManyTiles * threads) return plan;
  for (int64_t tiles = plan.tiles; tiles < plan.tiles + threads; ++tiles) {
    if (images * tiles * bundles % threads != 0 || panels < tiles * std::min(kMinTilePanels, panels))
      continue;
    plan.tiles = tiles;
    return plan;
  }
  plan.row_parts = bundles * std::clamp<int64_t>(threads / bundles, 1, m_blocks / bundles);
  return plan;
}

}  // namespace twofour::cpu
