#include "base/file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include "base/error.h"

namespace twofour {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  int get() const { return fd_; }
  bool close() { return ::close(std::exchange(fd_, -1)) == 0; }

 private:
  int fd_;
};

[[noreturn]] void fail_errno(const char* action, const std::filesystem::path& path) {
  const int error = errno;
  fail(error == ENOENT ? ErrorCode::kNotFound : ErrorCode::kIo, "cannot {} {}: {}", action, path.string(),
       std::strerror(error));
}

void write_all(int fd, std::span<const std::byte> bytes, const std::filesystem::path& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail_errno("write", path);
    bytes = bytes.subspan(static_cast<size_t>(written));
  }
}

/// What a link names in the end, whether or not that is there; a path that is no link names itself.
std::filesystem::path follow_links(const std::filesystem::path& path) {
  constexpr int kMostLinks = 40;  // as Linux has it
  std::filesystem::path target = path;
  std::error_code error;
  for (int links = 0; std::filesystem::is_symlink(target, error); ++links) {
    TWOFOUR_CHECK(links < kMostLinks, kIo, "cannot write {}: more than {} links follow each other",
                  path.string(), kMostLinks);
    target = target.parent_path() / std::filesystem::read_symlink(target, error);
  }
  return target;
}

struct Target {
  std::filesystem::path path;
  std::optional<mode_t> mode;  // of the file that is there
};

Target find_target(const std::filesystem::path& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return {follow_links(path), std::nullopt};
  TWOFOUR_CHECK(S_ISREG(info.st_mode), kInvalidArgument,
                "{} is not a regular file; a file to write is expected", path.string());
  return {follow_links(path), info.st_mode & 0777};
}

struct NewFile {
  std::string name;
  Descriptor fd;
};

constexpr std::string_view kNewSuffix = ".twofour-new";

/// A new file in the same folder, with the mode that the umask gives. It stays locked while its writer lives.
NewFile create_beside(const std::filesystem::path& path) {
  static std::atomic<uint64_t> counter{0};
  for (;;) {
    const std::string name = fmt::format("{}.{}.{}{}", path.string(), ::getpid(), counter++, kNewSuffix);
    Descriptor fd(::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
    if (fd.get() < 0 && errno != EEXIST) fail_errno("create", path);
    if (fd.get() < 0) continue;
    struct stat info {};
    ::flock(fd.get(), LOCK_EX);
    if (::fstat(fd.get(), &info) == 0 && info.st_nlink > 0) return {name, std::move(fd)};
  }
}

/// Removes what writers of `path` left that were killed: new files that nobody holds a lock on.
void remove_abandoned(const std::filesystem::path& path) {
  const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
  const std::string prefix = path.filename().string() + ".";
  std::error_code error;
  for (std::filesystem::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().string();
    if (!name.starts_with(prefix) || !name.ends_with(kNewSuffix)) continue;
    const Descriptor fd(::open(it->path().c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (fd.get() >= 0 && ::flock(fd.get(), LOCK_EX | LOCK_NB) == 0) ::unlink(it->path().c_str());
  }
}

}  // namespace

std::shared_ptr<const MappedFile> MappedFile::open(const std::filesystem::path& path) {
  Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));  // a pipe must not block
  if (fd.get() < 0) fail_errno("open", path);
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) fail_errno("stat", path);
  TWOFOUR_CHECK(S_ISREG(info.st_mode), kInvalidArgument, "{} is not a regular file", path.string());
  std::shared_ptr<MappedFile> file(new MappedFile);
  file->path_ = path;
  file->size_ = static_cast<size_t>(info.st_size);
  if (file->size_ == 0) return file;
  void* memory = ::mmap(nullptr, file->size_, PROT_READ, MAP_PRIVATE, fd.get(), 0);
  if (memory == MAP_FAILED) fail_errno("map", path);
  file->data_ = static_cast<const std::byte*>(memory);
  return file;
}

MappedFile::~MappedFile() {
  if (data_) ::munmap(const_cast<std::byte*>(data_), size_);
}

std::string read_file(const std::filesystem::path& path) {
  const auto file = MappedFile::open(path);
  return {reinterpret_cast<const char*>(file->bytes().data()), file->bytes().size()};
}

void make_folder(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  TWOFOUR_CHECK(!error, kIo, "cannot make the folder {}: {}", path.string(), error.message());
}

void write_file_atomic(const std::filesystem::path& path, const std::function<void(const ByteSink&)>& writer,
                       const std::function<void(const std::filesystem::path&)>& check) {
  const Target target = find_target(path);
  if (target.path.has_parent_path()) make_folder(target.path.parent_path());
  remove_abandoned(target.path);
  NewFile file = create_beside(target.path);
  try {
    writer([&](std::span<const std::byte> bytes) { write_all(file.fd.get(), bytes, path); });
    if (target.mode && ::fchmod(file.fd.get(), *target.mode) != 0) fail_errno("set the mode of", path);
    if (::fsync(file.fd.get()) != 0) fail_errno("write", path);
    if (check) check(file.name);
    if (::rename(file.name.c_str(), target.path.c_str()) != 0) fail_errno("rename to", path);
    if (!file.fd.close()) fail_errno("write", path);
  } catch (...) {
    ::unlink(file.name.c_str());
    throw;
  }
}

void check_writable(const std::filesystem::path& folder) {
  make_folder(folder);
  const NewFile file = create_beside(folder / "check");
  ::unlink(file.name.c_str());
}

void write_file_atomic(const std::filesystem::path& path, std::string_view content) {
  write_file_atomic(path, [&](const ByteSink& sink) { sink(std::as_bytes(std::span(content))); });
}

}  // namespace twofour
