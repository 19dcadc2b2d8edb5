// Shapes of layers in text files (bench/shapes), which benchmarks and tests share. Empty lines and lines that
// start with '#' say nothing; any other is one layer, words apart by blanks:
//   name M K N[,N...]                              product of W [M,K] with N columns, for each N
//   name C H W K R S stride pad count [groups]     convolution that a network has `count` times
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace twofour::bench {

struct GemmLayer {
  std::string name;
  int64_t m = 0, k = 0;
  std::vector<int64_t> n;
};

struct ConvLayer {
  std::string name;
  int64_t c = 0, h = 0, w = 0, k = 0, r = 0, s = 0, stride = 1, pad = 0, count = 1, groups = 1;

  int64_t out_h() const { return (h + 2 * pad - r) / stride + 1; }
  int64_t out_w() const { return (w + 2 * pad - s) / stride + 1; }
};

struct ShapeFile {
  std::vector<GemmLayer> gemms;
  std::vector<ConvLayer> convs;
};

/// Throws Error{kNotFound} when there is no such file, Error{kInvalidArgument} naming file and line when a
/// line is neither form, a number is out of range, a name comes twice or a convolution has no output.
ShapeFile read_shapes(const std::string& path);
/// The same from `text`; `source` names it in errors.
ShapeFile parse_shapes(std::string_view text, std::string_view source);

}  // namespace twofour::bench
