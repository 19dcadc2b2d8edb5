// WorkFolder: a folder for what programs write for each other, removed at the end.
#pragma once

#include <filesystem>

namespace twofour::bench {

class WorkFolder {
 public:
  WorkFolder();
  ~WorkFolder();
  WorkFolder(const WorkFolder&) = delete;
  WorkFolder& operator=(const WorkFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace twofour::bench
