// --tacticSources=-ONEDNN,+SPARSE24.
#pragma once

#include <string>
#include <vector>

namespace twofour::cli {

/// Beginnings of the tactic names that are left out, in lower case; all others stay, so "+" only confirms.
/// Throws Error{kInvalidArgument} on a word without a sign.
std::vector<std::string> parse_tactic_sources(const std::string& text);

}  // namespace twofour::cli
