// Files: read-only mapping, bounded reading, and writing that leaves either the old file or the whole new
// one.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "twofour/files.h"

namespace twofour {

/// A read-only mapping; unmapped when the last reference goes. Throws Error{kNotFound, kIo}, and
/// kInvalidArgument for what is not a regular file.
class MappedFile {
 public:
  static std::shared_ptr<const MappedFile> open(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  std::span<const std::byte> bytes() const { return {data_, size_}; }
  const std::filesystem::path& path() const { return path_; }

 private:
  MappedFile() = default;
  std::filesystem::path path_;
  const std::byte* data_ = nullptr;
  size_t size_ = 0;
};

/// Whole file as bytes. Throws as MappedFile::open does.
std::string read_file(const std::filesystem::path& path);

/// Receives chunks in order.
using ByteSink = std::function<void(std::span<const std::byte>)>;

/// As the public write_file_atomic, for content that is written in pieces. `check` is called with the new
/// file before it takes the place of the old one, which stays when it throws.
void write_file_atomic(const std::filesystem::path& path, const std::function<void(const ByteSink&)>& writer,
                       const std::function<void(const std::filesystem::path&)>& check = {});

}  // namespace twofour
