// Writing a file so that a reader finds either the old content or the whole new one.
#pragma once

#include <filesystem>
#include <string_view>

namespace twofour {

/// Writes through a temporary name in the same folder, fsync, rename. On any failure (a full disk included)
/// the temporary is removed, `path` keeps its old content and Error{kIo} names path and reason.
void write_file_atomic(const std::filesystem::path& path, std::string_view content);

}  // namespace twofour
