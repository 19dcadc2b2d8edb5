#include "models/work_folder.h"

#include <fmt/format.h>
#include <unistd.h>

namespace twofour::bench {

namespace fs = std::filesystem;

WorkFolder::WorkFolder() : path_(fs::temp_directory_path() / fmt::format("bench_models.{}", getpid())) {
  fs::create_directories(path_);
}

WorkFolder::~WorkFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

}  // namespace twofour::bench
