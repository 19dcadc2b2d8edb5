#include "ops/movement/slice_range.h"

#include <algorithm>
#include <limits>

namespace twofour::ops {

SliceRange slice_range(int64_t size, int64_t start, int64_t end, int64_t step) {
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
  if (start < 0) start += size;
  if (end < 0) end += size;
  SliceRange range;
  if (step > 0) {
    range.start = std::clamp<int64_t>(start, 0, size);
    end = std::clamp<int64_t>(end, 0, size);
    range.count = end > range.start ? (end - range.start - 1) / step + 1 : 0;
  } else {
    range.start = std::clamp<int64_t>(start, 0, std::max<int64_t>(size - 1, 0));
    end = std::clamp<int64_t>(end, -1, std::max<int64_t>(size - 1, 0));
    range.count = size > 0 && range.start > end ? (range.start - end - 1) / -std::max(step, -kMost) + 1 : 0;
  }
  if (range.count == 0) range.start = 0;
  range.step = range.count > 1 ? step : 1;  // a step nobody takes must not overflow
  return range;
}

SliceRange shape_range(const Attrs& attrs, size_t rank) {
  const auto n = static_cast<int64_t>(rank);
  return slice_range(n, attrs.i("start", 0), attrs.i("end", n), 1);
}

}  // namespace twofour::ops
