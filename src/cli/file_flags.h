// Files that a command line names, checked before the work that needs them.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace twofour::cli {

/// A flag and the file it names; files without a name were not given and pass every check.
struct FileFlag {
  std::string flag;
  std::filesystem::path path;
};

/// Throws Error{kNotFound, kIo, kInvalidArgument} naming flag and file unless it is a regular file that can
/// be read.
void check_readable(const FileFlag& file);
/// Throws Error{kNotFound, kIo, kInvalidArgument} naming flag and file unless write_file_atomic() can write
/// it in a folder that is there, or when two of `files` are one.
void check_writable(const std::vector<FileFlag>& files);
/// Throws Error{kInvalidArgument} when one of `outputs` would overwrite `input`.
void check_apart(const FileFlag& input, const std::vector<FileFlag>& outputs);
/// All three, for a command that overwrites nothing that it reads.
void check_files(const std::vector<FileFlag>& read, const std::vector<FileFlag>& written);

}  // namespace twofour::cli
