#include "data/open.h"

#include "base/errors.h"
#include "data/files.h"
#include "data/fit.h"
#include "data/synthetic.h"

namespace twofour::data {
namespace {

std::string idx_images(uint32_t count) {
  return std::string("\0\0\x08\x03", 4) + big_endian(count) + big_endian(2) + big_endian(2) +
         std::string(4 * count, '\x33');
}
std::string idx_labels(uint32_t count) {
  return std::string("\0\0\x08\x01", 4) + big_endian(count) + std::string(count, '\x02');
}
std::string cifar_records(size_t count) { return std::string(3073 * count, '\0'); }

std::unique_ptr<Dataset> open(const TemporaryFolder& folder, const OpenOptions& options = {}) {
  return open_dataset(folder.path().string(), options);
}

const OpenOptions kTestSplit{.split = Split::kTest};
const OpenOptions kTestOrAll{.split = Split::kTestOrAll};

TEST(OpenDataset, Words) {
  const auto digits = open_dataset("digits", {.size = 100});
  EXPECT_EQ(digits->size(), 100);
  EXPECT_EQ(digits->image_shape(), (Shape{1, 28, 28}));
  const auto synthetic = open_dataset("synthetic", {.image_shape = {3, 8, 8}, .size = 7, .num_classes = 3});
  EXPECT_EQ(synthetic->size(), 7);
  EXPECT_ERROR(open_dataset("digits", {.size = -5}), kInvalidArgument, "-5 images; at least 1");
  EXPECT_EQ(synthetic->num_classes(), 3);
  EXPECT_EQ(synthetic->image_shape(), (Shape{3, 8, 8}));
}

TEST(OpenDataset, SplitsOfTheGeneratorsDiffer) {
  std::vector<float> train(784), test(784);
  open_dataset("digits")->load(0, train);
  open_dataset("digits", kTestSplit)->load(0, test);
  EXPECT_NE(train, test);
}

TEST(OpenDataset, IdxFolder) {
  const TemporaryFolder folder;
  folder.write("train-images-idx3-ubyte", idx_images(3));
  folder.write("train-labels-idx1-ubyte", idx_labels(3));
  folder.write("t10k-images.idx3-ubyte", idx_images(2));
  EXPECT_EQ(open(folder)->size(), 3);
  EXPECT_ERROR(open(folder, kTestSplit), kNotFound, "t10k-labels-idx1-ubyte[.gz] is missing");
  folder.write("t10k-labels.idx1-ubyte", idx_labels(2));
  EXPECT_EQ(open(folder, kTestSplit)->size(), 2);
}

TEST(OpenDataset, CifarFolder) {
  const TemporaryFolder folder;
  folder.write("data_batch_1.bin", cifar_records(2));
  folder.write("data_batch_2.bin", cifar_records(1));
  folder.write("test_batch.bin", cifar_records(1));
  EXPECT_EQ(open(folder)->size(), 3);
  EXPECT_EQ(open(folder, kTestSplit)->size(), 1);
}

TEST(OpenDataset, ImageFolders) {
  const std::string png = encode_png(flat_image(4, 4, 9, 9, 9));
  const TemporaryFolder split, flat;
  split.write("train/a/1.png", png);
  split.write("train/b/2.png", png);
  split.write("val/a/3.png", png);
  flat.write("train/1.png", png);  // a class named train
  flat.write("plane/2.png", png);
  EXPECT_EQ(open(split)->size(), 2);
  EXPECT_EQ(open(split, kTestSplit)->size(), 1);
  EXPECT_EQ(open(split, kTestOrAll)->size(), 1);
  EXPECT_EQ(open(flat)->class_names(), (std::vector<std::string>{"plane", "train"}));
  EXPECT_EQ(open(flat, kTestOrAll)->size(), 2);
  EXPECT_EQ(open(flat, {.image_shape = {1, 6, 5}})->image_shape(), (Shape{1, 6, 5}));
}

TEST(OpenDataset, TrainingImagesAreNoTestSplit) {
  const std::string png = encode_png(flat_image(4, 4, 9, 9, 9));
  const TemporaryFolder flat, only_train;
  flat.write("plane/1.png", png);
  only_train.write("train/plane/1.png", png);
  for (const TemporaryFolder* folder : {&flat, &only_train}) {
    EXPECT_EQ(open(*folder)->size(), 1);
    EXPECT_ERROR(open(*folder, kTestSplit), kNotFound, "holds no test data that is known");
    EXPECT_FALSE(has_test_split(folder->path().string()));
  }
  EXPECT_ERROR(open(only_train, kTestOrAll), kNotFound,
               "validation}/<class>/ with images and <class>/ with images");
}

TEST(OpenDataset, HasTestSplit) {
  const std::string png = encode_png(flat_image(4, 4, 9, 9, 9));
  for (const char* name : {"t10k-images-idx3-ubyte", "t10k-images.idx3-ubyte.gz", "test_batch.bin",
                           "test/a/1.png", "val/a/1.png", "validation/a/1.png"}) {
    const TemporaryFolder folder;
    EXPECT_FALSE(has_test_split(folder.path().string()));
    folder.write(name, png);
    EXPECT_TRUE(has_test_split(folder.path().string())) << name;
  }
  EXPECT_TRUE(has_test_split("digits"));
  EXPECT_FALSE(has_test_split("/nowhere/at/all"));
}

TEST(OpenDataset, UnknownContentSaysWhatWasLookedFor) {
  const TemporaryFolder folder;
  folder.write("something.txt", "x");
  EXPECT_ERROR(open(folder), kNotFound, "train-images-idx3-ubyte[.gz]");
  EXPECT_ERROR(open(folder), kNotFound, "data_batch_*.bin");
  EXPECT_ERROR(open(folder), kNotFound, "train/<class>/ with images");
  EXPECT_ERROR(open(folder, kTestSplit), kNotFound, "test_batch.bin");
  EXPECT_ERROR(open_dataset("/nowhere/at/all"), kNotFound, "/nowhere/at/all is not a folder");
  EXPECT_ERROR(open_dataset(""), kNotFound, "digits and synthetic");
  EXPECT_ERROR(open_dataset((folder.path() / "something.txt").string()), kNotFound, "not a folder");
}

TEST(OpenDataset, OtherShapesAreFitted) {
  const TemporaryFolder folder;
  folder.write("train-images-idx3-ubyte", idx_images(1));
  folder.write("train-labels-idx1-ubyte", idx_labels(1));
  const auto dataset = open(folder, {.image_shape = {3, 5, 4}});
  std::vector<float> image(60);
  EXPECT_EQ(dataset->load(0, image), 2);
  EXPECT_EQ(image, std::vector<float>(60, 0.2F));
  EXPECT_ERROR(open(folder, {.image_shape = {2, 5, 4}}), kInvalidArgument, "2 were asked for");
  EXPECT_EQ(open(folder, {.image_shape = {3, 5, 4}, .resize = 5})->resize(), 5);
  EXPECT_ERROR(open(folder, {.image_shape = {3, 5, 4}, .resize = 4}), kInvalidArgument,
               "resized to 4, which does not cover the 5x4");
  EXPECT_ERROR(fit_dataset(make_synthetic({.image_shape = {5, 4, 4}}), {3, 4, 4}), kUnsupported,
               "5 channels");
}

}  // namespace
}  // namespace twofour::data
