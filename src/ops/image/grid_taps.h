// Where GridSample reads: the options, and the taps of one coordinate along one axis. Shared by the reference
// and the native kernel.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "ir/attrs.h"

namespace twofour::ops {

struct GridOptions {
  enum class Mode : uint8_t { kNearest, kLinear, kCubic };
  enum class Padding : uint8_t { kZeros, kBorder, kReflection };
  Mode mode;
  Padding padding;
  bool align_corners;

  /// How many elements a coordinate reads along an axis.
  size_t taps() const { return mode == Mode::kNearest ? 1 : mode == Mode::kLinear ? 2 : 4; }
};
/// Throws Error{kInvalidArgument} on a mode that is not known.
GridOptions grid_options_from(const Attrs& attrs);

/// What one coordinate reads along one axis of `size` elements: up to four (index, weight), index -1 for
/// zero.
struct GridTaps {
  std::array<int64_t, 4> index{};
  std::array<double, 4> weight{};
  size_t count = 0;

  /// `normalised`: from -1 to 1.
  GridTaps(const GridOptions& options, double normalised, int64_t size);

 private:
  void add(const GridOptions& options, double at, double w, double low, double high, int64_t size);
};

}  // namespace twofour::ops
