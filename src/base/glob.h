#pragma once

#include <string>

namespace twofour {

/// Whether the whole name matches a shell pattern: *, ? and [a-z].
bool glob_matches(const std::string& glob, const std::string& name);
/// The pattern that matches this name and no other.
std::string literal_glob(const std::string& name);

}  // namespace twofour
