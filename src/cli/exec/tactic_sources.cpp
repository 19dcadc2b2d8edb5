#include "cli/exec/tactic_sources.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "cli/parse.h"
#include "twofour/error.h"

namespace twofour::cli {

std::vector<std::string> parse_tactic_sources(const std::string& text) {
  std::vector<std::string> without;
  for (std::string word : parse_words(text)) {
    if (word.size() < 2 || (word[0] != '-' && word[0] != '+'))
      throw Error(ErrorCode::kInvalidArgument, fmt::format("\"{}\" is not -NAME or +NAME", word));
    std::ranges::transform(word, word.begin(), [](unsigned char c) { return std::tolower(c); });
    if (word[0] == '-') without.push_back(word.substr(1));
    else std::erase(without, word.substr(1));
  }
  return without;
}

}  // namespace twofour::cli
