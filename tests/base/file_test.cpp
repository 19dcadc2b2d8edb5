#include "base/file.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

#include "base/errors.h"

namespace twofour {
namespace {

namespace fs = std::filesystem;

class FileTest : public testing::Test {
 protected:
  FileTest() {
    std::string name = (fs::temp_directory_path() / "twofour-file.XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
  }
  ~FileTest() override { fs::remove_all(folder_); }

  size_t entries() const {
    return static_cast<size_t>(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()));
  }

  fs::path folder_;
};

/// While it lives, files of this process end at `bytes`, as on a full disk.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : handler_(::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &old_);
    const rlimit limit{bytes, old_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &old_);
    ::signal(SIGXFSZ, handler_);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  sighandler_t handler_;
  rlimit old_{};
};

TEST_F(FileTest, WrittenBytesAreReadBack) {
  const fs::path path = folder_ / "a";
  for (const size_t size : {0, 1, 4095, 4096, 4097, 1000003}) {
    std::string content(size, 'x');
    for (size_t i = 0; i < size; ++i) content[i] = static_cast<char>(i * 7 % 251);
    write_file_atomic(path, content);
    EXPECT_EQ(read_file(path), content) << size;
    EXPECT_EQ(MappedFile::open(path)->bytes().size(), size);
  }
  EXPECT_EQ(entries(), 1U);
}

TEST_F(FileTest, ChunksArriveInOrder) {
  write_file_atomic(folder_ / "a", [](const ByteSink& sink) {
    for (const std::string_view chunk : {"one ", "", "two ", "three"}) sink(std::as_bytes(std::span(chunk)));
  });
  EXPECT_EQ(read_file(folder_ / "a"), "one two three");
}

TEST_F(FileTest, AMappingOutlivesTheName) {
  write_file_atomic(folder_ / "a", "old");
  const auto file = MappedFile::open(folder_ / "a");
  write_file_atomic(folder_ / "a", "new content");
  EXPECT_EQ(file->bytes().size(), 3U);
  EXPECT_EQ(static_cast<char>(file->bytes()[0]), 'o');
  EXPECT_EQ(file->path(), folder_ / "a");
}

TEST_F(FileTest, OpeningWhatCannotBeReadIsAnError) {
  EXPECT_ERROR(read_file(folder_ / "none"), kNotFound, "none: No such file or directory");
  EXPECT_ERROR(MappedFile::open(folder_), kInvalidArgument, "is not a regular file");
  ASSERT_EQ(::mkfifo((folder_ / "pipe").c_str(), 0600), 0);
  EXPECT_ERROR(read_file(folder_ / "pipe"), kInvalidArgument, "pipe is not a regular file");
  EXPECT_ERROR(read_file("/dev/full"), kInvalidArgument, "/dev/full is not a regular file");
}

TEST_F(FileTest, AFullDiskLeavesTheOldFile) {
  const fs::path path = folder_ / "a";
  write_file_atomic(path, "old");
  {
    const FileSizeLimit limit(10000);
    EXPECT_ERROR(write_file_atomic(path, std::string(10001, 'x')), kIo, "cannot write " + path.string());
    const std::string chunk(3000, 'x');
    EXPECT_ERROR(write_file_atomic(path,
                                   [&](const ByteSink& sink) {
                                     for (int i = 0; i < 4; ++i) sink(std::as_bytes(std::span(chunk)));
                                   }),
                 kIo, "File too large");
    EXPECT_NO_THROW(write_file_atomic(folder_ / "b", std::string(10000, 'x')));
  }
  EXPECT_EQ(read_file(path), "old");
  EXPECT_EQ(entries(), 2U);
}

TEST_F(FileTest, AWriterThatThrowsLeavesTheOldFile) {
  const fs::path path = folder_ / "a";
  write_file_atomic(path, "old");
  const auto writer = [](const ByteSink& sink) {
    sink(std::as_bytes(std::span(std::string_view("half of it"))));
    fail(ErrorCode::kCancelled, "stopped");
  };
  EXPECT_ERROR(write_file_atomic(path, writer), kCancelled, "stopped");
  EXPECT_ERROR(write_file_atomic(folder_ / "b", writer), kCancelled, "stopped");
  EXPECT_EQ(read_file(path), "old");
  EXPECT_EQ(entries(), 1U);
}

TEST_F(FileTest, AFileThatFailsItsCheckLeavesTheOldOne) {
  const fs::path path = folder_ / "a";
  write_file_atomic(path, "old");
  const auto write = [](const ByteSink& sink) { sink(std::as_bytes(std::span("new", 3))); };
  const auto refuse = [](const fs::path& written) {
    fail(ErrorCode::kInternal, "read {}", read_file(written));
  };
  EXPECT_ERROR(write_file_atomic(path, write, refuse), kInternal, "read new");
  EXPECT_EQ(read_file(path), "old");
  EXPECT_EQ(entries(), 1U);
  write_file_atomic(path, write, [](const fs::path&) {});
  EXPECT_EQ(read_file(path), "new");
}

// Killed while it writes, again and again: what is left goes with the next write.
TEST_F(FileTest, WritersThatWereKilledLeaveNothingForLong) {
  const fs::path path = folder_ / "file.bin";
  for (int i = 0; i < 3; ++i) {
    const pid_t child = fork();
    if (child == 0) write_file_atomic(path, [](const ByteSink&) { ::raise(SIGKILL); });
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status));
    EXPECT_EQ(entries(), 1u);
  }
  std::ofstream(folder_ / "file.bin.1.2") << "not ours";
  // Another writer of the same file is at work meanwhile.
  write_file_atomic(path, [&](const ByteSink& sink) {
    write_file_atomic(path, "inner");
    EXPECT_EQ(entries(), 3u);
    sink(std::as_bytes(std::span("outer", 5)));
  });
  EXPECT_EQ(entries(), 2u);
  EXPECT_EQ(read_file(path), "outer");
}

TEST_F(FileTest, WritableFoldersAreTold) {
  check_writable(folder_ / "new/below");
  EXPECT_TRUE(fs::is_empty(folder_ / "new/below"));
  std::ofstream(folder_ / "file") << "x";
  EXPECT_ERROR(check_writable(folder_ / "file"), kIo, (folder_ / "file").string());
}

TEST_F(FileTest, WritingWhereNoFileCanBeIsAnError) {
  write_file_atomic(folder_ / "a", "x");
  EXPECT_ERROR(write_file_atomic(folder_ / "a" / "b" / "c", "x"), kIo, "cannot make the folder");
  EXPECT_ERROR(make_folder(folder_ / "a"), kIo, "cannot make the folder");
  EXPECT_ERROR(write_file_atomic("/proc/a", "x"), kNotFound, "/proc/a");
  EXPECT_EQ(entries(), 1U);
}

TEST_F(FileTest, WritingMakesFolders) {
  write_file_atomic(folder_ / "b" / "c" / "a", "x");
  write_file_atomic(folder_ / "b" / "c" / "a", "y");
  EXPECT_EQ(read_file(folder_ / "b" / "c" / "a"), "y");
}

TEST_F(FileTest, WhatIsNoRegularFileIsNotReplaced) {
  fs::create_directory(folder_ / "dir");
  ASSERT_EQ(::mkfifo((folder_ / "pipe").c_str(), 0600), 0);
  fs::create_symlink("pipe", folder_ / "link");
  for (const char* name : {"dir", "pipe", "link"})
    EXPECT_ERROR(write_file_atomic(folder_ / name, "x"), kInvalidArgument, "is not a regular file");
  EXPECT_TRUE(fs::is_fifo(folder_ / "pipe"));
  EXPECT_TRUE(fs::is_symlink(folder_ / "link"));
  EXPECT_EQ(entries(), 3U);
}

TEST_F(FileTest, LinksAreFollowed) {
  fs::create_directory(folder_ / "dir");
  fs::create_symlink("dir/a", folder_ / "first");  // to nothing yet
  fs::create_symlink(folder_ / "first", folder_ / "second");
  for (const char* content : {"new", "newer"}) {
    write_file_atomic(folder_ / "second", content);
    EXPECT_EQ(read_file(folder_ / "dir" / "a"), content);
  }
  EXPECT_TRUE(fs::is_symlink(folder_ / "first"));
  EXPECT_TRUE(fs::is_symlink(folder_ / "second"));
  fs::create_symlink("circle", folder_ / "circle");
  EXPECT_ERROR(write_file_atomic(folder_ / "circle", "x"), kIo, "more than 40 links");
}

TEST_F(FileTest, TheModeIsTheUmasksOrStays) {
  const fs::path path = folder_ / "a";
  const auto mode = [&] { return static_cast<unsigned>(fs::status(path).permissions()); };
  const mode_t old = ::umask(0027);
  write_file_atomic(path, "x");
  ::umask(old);
  EXPECT_EQ(mode(), 0640U);
  fs::permissions(path, static_cast<fs::perms>(0604));
  write_file_atomic(path, "y");
  EXPECT_EQ(mode(), 0604U);
}

}  // namespace
}  // namespace twofour
