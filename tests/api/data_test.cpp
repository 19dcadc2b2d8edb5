#include "twofour/data.h"

#include "base/errors.h"
#include "data/files.h"

namespace twofour {
namespace {

using ::testing::ElementsAre;

/// A folder with one 4x4 image in each class.
class Classes {
 public:
  explicit Classes(std::initializer_list<const char*> names) {
    for (const char* name : names)
      folder_.write(std::string(name) + "/1.png", data::encode_png(data::flat_image(4, 4, 9, 9, 9)));
  }
  std::string path() const { return folder_.path().string(); }
  DataLoader open(Split split = Split::kTrain) const {
    return DataLoader({.source = path(), .split = split, .image_shape = {3, 4, 4}, .batch_size = 1});
  }
  const data::TemporaryFolder& folder() const { return folder_; }

 private:
  data::TemporaryFolder folder_;
};

TEST(DataLoader, NamesItsSourceAndClasses) {
  const Classes pets{"dog", "cat"};
  const DataLoader loader = pets.open();
  EXPECT_EQ(loader.source(), pets.path());
  EXPECT_THAT(loader.class_names(), ElementsAre("cat", "dog"));
  EXPECT_EQ(loader.size(), 2);
  EXPECT_ERROR(pets.open(Split::kTest), kNotFound, "no test data");
  EXPECT_FALSE(has_test_split(pets.path()));
  EXPECT_TRUE(has_test_split("digits"));
}

TEST(CheckSameClasses, NamesBothSourcesAndTheFirstDifference) {
  const Classes train{"cat", "dog"}, same{"dog", "cat"}, other{"cat", "cow", "dog"}, fewer{"cat"};
  check_same_classes(train.open(), same.open());
  const auto check = [&](const Classes& test) {
    check_same_classes(train.open(), test.open(Split::kTestOrAll));
  };
  EXPECT_ERROR(check(other), kInvalidArgument,
               "the training data " + train.path() + " and the test data " + other.path());
  EXPECT_ERROR(check(other), kInvalidArgument,
               "2 and 3 of them, and label 1 is \"dog\" in the one and \"cow\" in the other");
  EXPECT_ERROR(check(fewer), kInvalidArgument, "label 1 is \"dog\" in the one and none in the other");
}

TEST(CheckSameClasses, NumberedTestDataMayHaveFewer) {
  const Classes three{"0", "1", "2"}, two{"0", "1"};
  check_same_classes(three.open(), two.open());
  EXPECT_ERROR(check_same_classes(two.open(), three.open()), kInvalidArgument, "label 2 is none");
}

}  // namespace
}  // namespace twofour
