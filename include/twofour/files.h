// Folders, and writing a file so that a reader finds either the old content or the whole new one.
#pragma once

#include <filesystem>
#include <string_view>

namespace twofour {

/// Makes the folder and those on the way to it; one that is there is left as it is. Throws Error{kIo} naming
/// path and reason.
void make_folder(const std::filesystem::path& path);

/// Writes through a temporary name in the same folder, fsync, rename; makes missing folders. Links are
/// followed. A file that is there keeps its mode, a new one gets the umask's. On any failure (a full disk
/// included) the temporary is removed, `path` keeps its old content and Error{kIo} names path and reason;
/// what is there and not a regular file (a device, a pipe, a folder) stays: Error{kInvalidArgument}.
void write_file_atomic(const std::filesystem::path& path, std::string_view content);

/// Makes the folder, when it is not there, and writes a file that it removes again. Throws Error{kIo} naming
/// the folder where that fails.
void check_writable(const std::filesystem::path& folder);

}  // namespace twofour
