// Options whose values are the names of an enumeration.
#pragma once

#include <string>
#include <vector>

#include "cli/arguments.h"
#include "twofour/names.h"

namespace twofour::cli {

/// `value` is the default and receives the choice; `names` must have static lifetime.
template <typename Enum, size_t kSize>
Argument add_choice(CLI::App& command, const std::string& flag, Enum& value, const Names<Enum, kSize>& names,
                    const std::string& description) {
  std::vector<std::string> spellings;
  for (const auto& [name, each] : names) spellings.emplace_back(name);
  const auto set = [&value, &names](const std::string& text) {
    for (const auto& [name, each] : names)
      if (name == text) value = each;
  };
  return add_one_of(command, flag, spellings, std::string(name_of(names, value)), set, description);
}

}  // namespace twofour::cli
