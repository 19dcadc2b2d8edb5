// A folder that a command fills.
#pragma once

#include <filesystem>
#include <vector>

namespace twofour::cli {

/// Is there before the work, so that what fails, fails early; what it made and nothing was written to is gone
/// after it.
class OutputFolder {
 public:
  /// Makes it with those on the way to it, and tries to write. Throws Error{kIo} naming the folder; does
  /// nothing for an empty path.
  explicit OutputFolder(const std::filesystem::path& folder);
  ~OutputFolder() { remove_empty(); }
  OutputFolder(const OutputFolder&) = delete;
  OutputFolder& operator=(const OutputFolder&) = delete;

 private:
  void remove_empty() const;

  std::vector<std::filesystem::path> made_;  // innermost first
};

}  // namespace twofour::cli
