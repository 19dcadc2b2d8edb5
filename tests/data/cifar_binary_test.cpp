#include "data/cifar_binary.h"

#include "base/errors.h"
#include "data/files.h"

namespace twofour::data {
namespace {

std::string record(char label, char red, char green, char blue) {
  return label + std::string(1024, red) + std::string(1024, green) + std::string(1024, blue);
}

TEST(CifarBinary, ReadsAllFilesInOrder) {
  const TemporaryFolder folder;
  const std::filesystem::path files[] = {folder.write("a.bin", record(3, '\x33', '\x66', '\xff')),
                                         folder.write("b.bin", record(9, 0, 0, 0) + record(0, 1, 1, 1))};
  const auto dataset = open_cifar_binary(files);
  EXPECT_EQ(dataset->size(), 3);
  EXPECT_EQ(dataset->class_names()[9], "truck");
  std::vector<float> image(3072);
  EXPECT_EQ(dataset->load(0, image), 3);
  EXPECT_EQ(image[0], 0.2F);
  EXPECT_EQ(image[1023], 0.2F);
  EXPECT_EQ(image[1024], 0.4F);
  EXPECT_EQ(image[3071], 1.0F);
  EXPECT_EQ(dataset->load(1, image), 9);
  EXPECT_EQ(dataset->load(2, image), 0);
}

TEST(CifarBinary, BadFilesAreErrors) {
  const TemporaryFolder folder;
  const auto open = [](const std::filesystem::path& file) { return open_cifar_binary(std::span(&file, 1)); };
  EXPECT_ERROR(open(folder.write("short.bin", record(1, 0, 0, 0).substr(0, 3000))), kDataCorrupt,
               "3000 bytes");
  EXPECT_ERROR(open(folder.write("empty.bin", "")), kDataCorrupt, "0 bytes");
  EXPECT_ERROR(open(folder.write("label.bin", record(1, 0, 0, 0) + record(10, 0, 0, 0))), kDataCorrupt,
               "record 1 has label 10");
  EXPECT_ERROR(open(folder.path() / "none.bin"), kNotFound, "none.bin");
  EXPECT_ERROR(open_cifar_binary({}), kInvalidArgument, "no CIFAR-10 batch files");
}

}  // namespace
}  // namespace twofour::data
