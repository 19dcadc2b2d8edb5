#include "cli/file_flags.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "twofour/error.h"

namespace twofour::cli {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(ErrorCode code, const FileFlag& file, const std::string& why) {
  throw Error(code, fmt::format("{}: {}: {}", file.flag, file.path.string(), why));
}

fs::file_status status_of(const FileFlag& file) {
  std::error_code error;
  const fs::file_status status = fs::status(file.path, error);
  if (status.type() == fs::file_type::none) fail(ErrorCode::kIo, file, error.message());
  return status;
}

void check_one_writable(const FileFlag& file) {
  const fs::path folder = file.path.has_parent_path() ? file.path.parent_path() : ".";
  std::error_code error;
  if (!fs::is_directory(folder, error))
    fail(fs::exists(folder, error) ? ErrorCode::kInvalidArgument : ErrorCode::kNotFound, file,
         fmt::format("there is no folder {}", folder.string()));
  const fs::file_status status = status_of(file);
  if (fs::exists(status) && !fs::is_regular_file(status))
    fail(ErrorCode::kInvalidArgument, file, "it is not a regular file; a file to write is expected");
  if (::access(folder.c_str(), W_OK | X_OK) != 0)
    fail(ErrorCode::kIo, file, fmt::format("cannot write in {}: {}", folder.string(), std::strerror(errno)));
}

fs::path one_spelling(const fs::path& path) {
  std::error_code error;
  const fs::path result = fs::weakly_canonical(path, error);
  return error ? path : result;
}

}  // namespace

void check_readable(const FileFlag& file) {
  if (file.path.empty()) return;
  const fs::file_status status = status_of(file);
  if (!fs::exists(status)) fail(ErrorCode::kNotFound, file, std::strerror(ENOENT));
  if (!fs::is_regular_file(status)) fail(ErrorCode::kInvalidArgument, file, "it is not a regular file");
  if (::access(file.path.c_str(), R_OK) != 0) fail(ErrorCode::kIo, file, std::strerror(errno));
}

void check_writable(const std::vector<FileFlag>& files) {
  for (size_t i = 0; i < files.size(); ++i) {
    if (files[i].path.empty()) continue;
    check_one_writable(files[i]);
    check_apart(files[i], {files.begin(), files.begin() + static_cast<std::ptrdiff_t>(i)});
  }
}

void check_apart(const FileFlag& input, const std::vector<FileFlag>& outputs) {
  if (input.path.empty()) return;
  for (const FileFlag& output : outputs)
    if (!output.path.empty() && one_spelling(output.path) == one_spelling(input.path))
      fail(ErrorCode::kInvalidArgument, output, fmt::format("{} names the same file", input.flag));
}

void check_files(const std::vector<FileFlag>& read, const std::vector<FileFlag>& written) {
  for (const FileFlag& file : read) check_readable(file);
  check_writable(written);
  for (const FileFlag& file : read) check_apart(file, written);
}

}  // namespace twofour::cli
