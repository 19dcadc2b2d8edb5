// Spellings of enumerations: one table each, shared by command lines, files and reports.
#pragma once

#include <array>
#include <string_view>
#include <utility>

namespace twofour {

template <typename Enum, size_t kSize>
using Names = std::array<std::pair<std::string_view, Enum>, kSize>;

template <typename Enum, size_t kSize>
constexpr std::string_view name_of(const Names<Enum, kSize>& names, Enum value) {
  for (const auto& [name, each] : names)
    if (each == value) return name;
  return "?";
}

}  // namespace twofour
