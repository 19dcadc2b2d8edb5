#include "cli/parse.h"

#include <fmt/format.h>

#include <charconv>

#include "twofour/error.h"

namespace twofour::cli {
namespace {

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

template <typename T>
T number(std::string_view text, std::string_view whole) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size())
    throw Error(ErrorCode::kInvalidArgument, fmt::format("\"{}\" in \"{}\" is not a number", text, whole));
  return value;
}

template <typename T>
std::vector<T> numbers(std::string_view text, char separator) {
  std::vector<T> values;
  for (const std::string_view part : split(text, separator)) values.push_back(number<T>(part, text));
  return values;
}

/// "name:value,name:value".
std::map<std::string, std::string> named(std::string_view text, std::string_view what) {
  std::map<std::string, std::string> values;
  if (text.empty()) return values;
  for (const std::string_view part : split(text, ',')) {
    const size_t colon = part.rfind(':');
    if (colon == std::string_view::npos || colon == 0)
      throw Error(ErrorCode::kInvalidArgument, fmt::format("\"{}\" is not {}", part, what));
    values[std::string(part.substr(0, colon))] = part.substr(colon + 1);
  }
  return values;
}

}  // namespace

Shape parse_shape(std::string_view text) {
  if (text == "scalar") return {};
  const Shape shape(numbers<int64_t>(text, 'x'));
  for (const int64_t dim : shape)
    if (dim < 0) throw Error(ErrorCode::kInvalidArgument, fmt::format("shape {} has a negative size", text));
  return shape;
}

std::map<std::string, Shape> parse_shapes(std::string_view text) {
  std::map<std::string, Shape> shapes;
  for (const auto& [name, shape] : named(text, "a shape; write name:1x3x224x224"))
    shapes[name] = parse_shape(shape);
  return shapes;
}

std::map<std::string, std::string> parse_named_files(std::string_view text) {
  return named(text, "a file for an input; write name:file");
}

std::vector<float> parse_floats(std::string_view text) {
  return text.empty() ? std::vector<float>() : numbers<float>(text, ',');
}

std::vector<int64_t> parse_ints(std::string_view text) {
  return text.empty() ? std::vector<int64_t>() : numbers<int64_t>(text, ',');
}

std::vector<std::string> parse_words(std::string_view text) {
  std::vector<std::string> words;
  if (!text.empty())
    for (const std::string_view word : split(text, ',')) words.emplace_back(word);
  return words;
}

}  // namespace twofour::cli
