#include "cli/parse.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "twofour/error.h"

namespace twofour::cli {
namespace {

template <typename... Args>
[[noreturn]] void fail(fmt::format_string<Args...> format, Args&&... args) {
  throw Error(ErrorCode::kInvalidArgument, fmt::format(format, std::forward<Args>(args)...));
}

bool is_blank(char c) { return c == ' ' || c == '\t'; }

std::string_view without_blanks(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

/// One entry of a list, its quotes taken away.
struct Entry {
  std::string text;
  size_t colon = std::string::npos;  // the last one outside quotes
  size_t solid = 0;                  // up to here blanks count

  void end_part() { text.resize(solid); }
  std::string name() const { return text.substr(0, colon); }
  std::string value() const { return text.substr(colon + 1); }
};

/// Reads character by character; a quote opens only where a name or value begins.
class ListReader {
 public:
  std::vector<Entry> read(std::string_view text) {
    for (const char c : text) take(c);
    if (quote_) fail("a {} in {} is not closed", quote_, text);
    entries_.back().end_part();
    return std::move(entries_);
  }

 private:
  void take(char c) {
    Entry& entry = entries_.back();
    if (quote_) {
      if (c == quote_) quote_ = 0;
      else keep(c);
    } else if (begins_ && (c == '"' || c == '\'')) {
      quote_ = c;
      begins_ = false;
    } else if (c == ',') {
      entry.end_part();
      entries_.emplace_back();
      begins_ = true;
    } else if (c == ':') {
      entry.end_part();
      entry.colon = entry.text.size();
      keep(c);
      begins_ = true;
    } else if (!is_blank(c)) {
      keep(c);
      begins_ = false;
    } else if (!begins_) {
      entry.text += c;
    }
  }

  void keep(char c) {
    Entry& entry = entries_.back();
    entry.text += c;
    entry.solid = entry.text.size();
  }

  std::vector<Entry> entries_{1};
  char quote_ = 0;
  bool begins_ = true;
};

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
std::vector<T> numbers(std::string_view text, char separator) {
  std::vector<T> values;
  if (text.empty()) return values;
  for (const std::string_view part : split(text, separator)) values.push_back(parse_number<T>(part));
  return values;
}

using Pairs = std::vector<std::pair<std::string, std::string>>;

/// "name:value,name:value".
Pairs pairs(std::string_view text, std::string_view what) {
  Pairs result;
  if (text.empty()) return result;
  for (const Entry& entry : ListReader().read(text)) {
    if (entry.colon == std::string::npos || entry.colon == 0 || entry.value().empty())
      fail("\"{}\" is not {} (a name with commas or colons needs quotes)", entry.text, what);
    result.emplace_back(entry.name(), entry.value());
  }
  return result;
}

/// The same with different names.
std::map<std::string, std::string> named(std::string_view text, std::string_view what) {
  std::map<std::string, std::string> values;
  for (auto& [name, value] : pairs(text, what))
    if (!values.emplace(name, std::move(value)).second) fail("\"{}\" comes twice", name);
  return values;
}

}  // namespace

template <typename T>
T parse_number(std::string_view text) {
  std::string_view digits = without_blanks(text);
  if (digits.size() > 1 && digits[0] == '+' && digits[1] != '-') digits.remove_prefix(1);
  T value{};
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error == std::errc::result_out_of_range) fail("\"{}\" is out of range", text);
  if (error != std::errc() || end != digits.data() + digits.size() || !std::isfinite(value))
    fail("\"{}\" is not a {}number", text, std::is_integral_v<T> ? "whole " : "");
  return value;
}

template int parse_number<int>(std::string_view);
template int64_t parse_number<int64_t>(std::string_view);
template uint32_t parse_number<uint32_t>(std::string_view);
template uint64_t parse_number<uint64_t>(std::string_view);
template float parse_number<float>(std::string_view);
template double parse_number<double>(std::string_view);

Shape parse_shape(std::string_view text) {
  if (text == "scalar") return {};
  if (text.empty()) fail("a shape has no sizes; write scalar for one without dimensions");
  const Shape shape(numbers<int64_t>(text, 'x'));
  for (const int64_t dim : shape)
    if (dim < 0) fail("shape {} has the size {}", text, dim);
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

Pairs parse_named_words(std::string_view text) { return pairs(text, "a word for a name; write name:word"); }

std::vector<float> parse_floats(std::string_view text) { return numbers<float>(text, ','); }
std::vector<int64_t> parse_ints(std::string_view text) { return numbers<int64_t>(text, ','); }

std::vector<std::string> parse_words(std::string_view text) {
  std::vector<std::string> words;
  if (text.empty()) return words;
  for (Entry& entry : ListReader().read(text)) {
    if (entry.text.empty()) fail("\"{}\" has an empty entry", text);
    words.push_back(std::move(entry.text));
  }
  return words;
}

}  // namespace twofour::cli
