#include "sparse/shape_file.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <set>
#include <sstream>

#include "base/error.h"
#include "base/file.h"

namespace twofour::bench {
namespace {

constexpr int64_t kMostSize = int64_t{1} << 20;
constexpr int64_t kMostWeights = int64_t{1} << 31;
constexpr size_t kGemmWords = 4, kConvWords = 10;

/// One line, with its place for error texts.
struct Line {
  std::string_view source;
  int number;
  std::vector<std::string> words;

  std::string place() const { return fmt::format("{}:{}", source, number); }
};

int64_t size_of(const Line& line, std::string_view word, int64_t least = 1) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  TWOFOUR_CHECK(
      error == std::errc() && end == word.data() + word.size() && value >= least && value <= kMostSize,
      kInvalidArgument, "{}: \"{}\" is not a whole number from {} to {}", line.place(), word, least,
      kMostSize);
  return value;
}

void check_weights(const Line& line, int64_t m, int64_t k) {
  TWOFOUR_CHECK(m <= kMostWeights / k, kInvalidArgument, "{}: {} x {} weights, at most {} are possible",
                line.place(), m, k, kMostWeights);
}

GemmLayer gemm_of(const Line& line) {
  GemmLayer layer{
      .name = line.words[0], .m = size_of(line, line.words[1]), .k = size_of(line, line.words[2])};
  std::istringstream list(line.words[3] + ',');
  for (std::string n; std::getline(list, n, ',');) layer.n.push_back(size_of(line, n));
  check_weights(line, layer.m, layer.k);
  return layer;
}

ConvLayer conv_of(const Line& line) {
  ConvLayer layer{.name = line.words[0]};
  const std::array fields = {&layer.c, &layer.h,      &layer.w,   &layer.k,     &layer.r,
                             &layer.s, &layer.stride, &layer.pad, &layer.count, &layer.groups};
  for (size_t i = 0; i + 1 < line.words.size(); ++i)
    *fields[i] = size_of(line, line.words[i + 1], fields[i] == &layer.pad ? 0 : 1);
  TWOFOUR_CHECK(layer.c % layer.groups == 0 && layer.k % layer.groups == 0, kInvalidArgument,
                "{}: {} and {} channels do not divide into {} groups", line.place(), layer.c, layer.k,
                layer.groups);
  TWOFOUR_CHECK(layer.h + 2 * layer.pad >= layer.r && layer.w + 2 * layer.pad >= layer.s, kInvalidArgument,
                "{}: a {}x{} filter does not fit a padded {}x{} image", line.place(), layer.r, layer.s,
                layer.h, layer.w);
  TWOFOUR_CHECK(layer.r * layer.s <= kMostSize, kInvalidArgument, "{}: a {}x{} filter is too large",
                line.place(), layer.r, layer.s);
  check_weights(line, layer.k, layer.c / layer.groups * layer.r * layer.s);
  return layer;
}

}  // namespace

ShapeFile parse_shapes(std::string_view text, std::string_view source) {
  ShapeFile file;
  std::set<std::string> names;
  std::istringstream stream{std::string(text)};
  Line line{source, 0, {}};
  for (std::string content; std::getline(stream, content);) {
    ++line.number;
    std::istringstream words(content);
    line.words.assign(std::istream_iterator<std::string>(words), {});
    if (line.words.empty() || line.words[0].starts_with('#')) continue;
    const size_t count = line.words.size();
    TWOFOUR_CHECK(count == kGemmWords || count == kConvWords || count == kConvWords + 1, kInvalidArgument,
                  "{}: {} words; a product has {}, a convolution {} or {}", line.place(), count, kGemmWords,
                  kConvWords, kConvWords + 1);
    TWOFOUR_CHECK(names.insert(line.words[0]).second, kInvalidArgument, "{}: \"{}\" comes a second time",
                  line.place(), line.words[0]);
    if (count == kGemmWords) file.gemms.push_back(gemm_of(line));
    else file.convs.push_back(conv_of(line));
  }
  return file;
}

ShapeFile read_shapes(const std::string& path) { return parse_shapes(read_file(path), path); }

}  // namespace twofour::bench
