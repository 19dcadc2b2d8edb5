// A path in the temporary folder that no other test process uses.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>

namespace twofour {

inline std::filesystem::path temporary_path(const std::string& name) {
  return std::filesystem::path(::testing::TempDir()) / (name + "." + std::to_string(getpid()));
}

}  // namespace twofour
