#include "ir/parse_scanner.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstring>

namespace twofour {
namespace {

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; }
bool is_name(char c) { return is_word(c) || c == '.' || c == '/' || c == '-'; }
bool is_number(char c) { return is_word(c) || c == '.' || c == '-' || c == '+'; }

}  // namespace

char Scanner::peek() {
  while (at_ < text_.size()) {
    if (text_[at_] == '#') at_ = std::min(text_.find('\n', at_), text_.size());
    else if (std::isspace(static_cast<unsigned char>(text_[at_]))) ++at_;
    else return text_[at_];
  }
  return '\0';
}

bool Scanner::accept(std::string_view token) {
  peek();
  const bool found = text_.substr(at_).starts_with(token);
  if (found) at_ += token.size();
  return found;
}

void Scanner::expect(std::string_view token, std::string_view what) {
  if (!accept(token)) fail_expected(what);
}

std::string_view Scanner::take(bool (*accepts)(char)) {
  peek();
  const size_t begin = at_;
  while (at_ < text_.size() && accepts(text_[at_])) ++at_;
  return text_.substr(begin, at_ - begin);
}

std::string Scanner::word(std::string_view what) {
  if (!is_word(peek()) || std::isdigit(static_cast<unsigned char>(peek()))) fail_expected(what);
  return std::string(take(is_word));
}

std::string Scanner::name(std::string_view what) {
  if (peek() == '"') return string(what);
  if (!is_name(peek())) fail_expected(what);
  return std::string(take(is_name));
}

std::string Scanner::string(std::string_view what) {
  if (!accept("\"")) fail_expected(what);
  std::string result;
  while (at_ < text_.size() && text_[at_] != '"' && text_[at_] != '\n') {
    const char c = text_[at_++];
    result += c == '\\' ? escape() : c;
  }
  if (at_ == text_.size() || text_[at_] != '"') fail_at("expected '\"' at the end of the string");
  ++at_;
  return result;
}

char Scanner::escape() {
  const char c = at_ < text_.size() ? text_[at_++] : '\0';
  if (c == 'n') return '\n';
  if (c == '"' || c == '\\') return c;
  unsigned code = 0;
  const std::string_view digits = text_.substr(at_, 2);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), code, 16);
  if (c != 'x' || error != std::errc() || end != digits.data() + 2)
    fail_at("expected one of \\n \\\" \\\\ \\xHH in the string");
  at_ += 2;
  return static_cast<char>(code);
}

std::string_view Scanner::number(std::string_view what) {
  if (!is_number(peek())) fail_expected(what);
  return take(is_number);
}

void Scanner::fail_expected(std::string_view what) {
  const char next = peek();
  std::string_view got = text_.substr(std::min(at_, text_.size()), 24);
  got = got.substr(0, got.find('\n'));
  fail_at(next ? fmt::format("expected {}, got '{}'", what, got)
               : fmt::format("expected {}, got the end", what));
}

void Scanner::fail_at(std::string_view message) const {
  const auto line = 1 + std::count(text_.begin(), text_.begin() + static_cast<std::ptrdiff_t>(at_), '\n');
  fail(ErrorCode::kDataCorrupt, "{}:{}: {}", source_, line, message);
}

}  // namespace twofour
