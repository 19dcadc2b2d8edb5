#include "cli/output_folder.h"

#include "twofour/files.h"

namespace twofour::cli {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> missing(const fs::path& folder) {
  std::vector<fs::path> folders;
  std::error_code error;
  for (fs::path each = folder; !each.empty() && !fs::exists(each, error); each = each.parent_path())
    folders.push_back(each);
  return folders;
}

}  // namespace

OutputFolder::OutputFolder(const fs::path& folder) : made_(missing(folder)) {
  if (folder.empty()) return;
  try {
    check_writable(folder);
  } catch (...) {
    remove_empty();
    throw;
  }
}

void OutputFolder::remove_empty() const {
  std::error_code error;
  for (const fs::path& folder : made_) fs::remove(folder, error);  // only when it is empty
}

}  // namespace twofour::cli
