#include "cli/files.h"

#include "twofour/files.h"

namespace twofour::cli {

void write_text_file(const std::filesystem::path& path, std::string_view text) {
  if (path.has_parent_path()) std::filesystem::create_directories(path.parent_path());
  write_file_atomic(path, text);
}

}  // namespace twofour::cli
