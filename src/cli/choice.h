// Options whose values are the names of an enumeration.
#pragma once

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "twofour/names.h"

namespace twofour::cli {

/// `value` is the default and receives the choice; `names` must have static lifetime.
template <typename Enum, size_t kSize>
CLI::Option* add_choice(CLI::App& app, const std::string& flag, Enum& value, const Names<Enum, kSize>& names,
                        const std::string& description) {
  std::vector<std::string> spellings;
  for (const auto& [name, each] : names) spellings.emplace_back(name);
  const auto set = [&value, &names](const std::string& text) {
    for (const auto& [name, each] : names)
      if (name == text) value = each;
  };
  return app.add_option_function<std::string>(flag, set, description)
      ->check(CLI::IsMember(spellings))
      ->default_str(std::string(name_of(names, value)));
}

}  // namespace twofour::cli
