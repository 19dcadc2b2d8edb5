// Finding what was meant by a mistyped name.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace twofour::cli {

/// The least number of characters to insert, delete, replace or swap with a neighbour; case counts half.
double edit_distance(std::string_view a, std::string_view b);
/// The closest of `names` (one that `name` begins is close), or empty when none is close enough to be meant.
std::string closest(std::string_view name, const std::vector<std::string>& names);

}  // namespace twofour::cli
