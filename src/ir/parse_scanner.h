// Characters to words, names, strings and numbers, for parse.cpp. Every failure says source and line.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/error.h"

namespace twofour {

class Scanner {
 public:
  Scanner(std::string_view text, std::string_view source) : text_(text), source_(source) {}

  bool at_end() { return peek() == '\0'; }
  /// The next character that is not space or comment; 0 at the end.
  char peek();
  /// Consumes `token` when it is next.
  bool accept(std::string_view token);
  void expect(std::string_view token, std::string_view what);
  /// [A-Za-z_][A-Za-z0-9_]*
  std::string word(std::string_view what);
  /// A bare name ([A-Za-z0-9_./-]+) or a quoted string.
  std::string name(std::string_view what);
  std::string string(std::string_view what);
  /// The text of a number, inf or nan, with its sign.
  std::string_view number(std::string_view what);

  size_t position() const { return at_; }
  void rewind(size_t position) { at_ = position; }
  /// "expected <what>, got <the next few characters>".
  [[noreturn]] void fail_expected(std::string_view what);
  [[noreturn]] void fail_at(std::string_view message) const;

 private:
  std::string_view take(bool (*accepts)(char));
  char escape();

  std::string_view text_;
  std::string_view source_;
  size_t at_ = 0;
};

}  // namespace twofour
