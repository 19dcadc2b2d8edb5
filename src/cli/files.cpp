#include "cli/files.h"

#include "twofour/files.h"

namespace twofour::cli {

void write_text_file(const std::filesystem::path& path, std::string_view text) {
  write_file_atomic(path, text);
}

}  // namespace twofour::cli
