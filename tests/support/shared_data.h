// Real models and data that are not part of the repository: $TWOFOUR_SHARED, else ../shared beside the source
// tree.
#pragma once

#include <cstdlib>
#include <filesystem>

#include "source_dir.h"

namespace twofour::testing {

inline std::filesystem::path shared_path(const std::filesystem::path& relative) {
  const char* root = std::getenv("TWOFOUR_SHARED");
  return (root ? std::filesystem::path(root) : std::filesystem::path(TWOFOUR_SOURCE_DIR) / ".." / "shared") /
         relative;
}

}  // namespace twofour::testing

/// In a test body: ends the test as skipped, with the reason, when the file or folder is absent.
#define TWOFOUR_SKIP_WITHOUT(path) \
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "needs " << (path).string() << " (see $TWOFOUR_SHARED)"
