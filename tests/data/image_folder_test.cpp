#include "data/image_folder.h"

#include <thread>

#include "base/errors.h"
#include "base/log.h"
#include "data/files.h"

namespace twofour::data {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// The lines logged while it lives.
class LogCapture {
 public:
  LogCapture() {
    set_log_sink([this](LogLevel level, std::string_view line) {
      if (level == LogLevel::kWarning) lines.emplace_back(line);
    });
  }
  ~LogCapture() { set_log_sink({}); }
  std::vector<std::string> lines;
};

/// b/2.png (red), b/10.JPG (blue), a/x.jpeg (green), and things that are no images.
void write_small_set(const TemporaryFolder& folder) {
  folder.write("b/2.png", encode_png(flat_image(4, 4, 255, 0, 0)));
  folder.write("b/10.JPG", encode_jpeg(flat_image(4, 4, 0, 0, 255)));
  folder.write("a/x.jpeg", encode_jpeg(flat_image(4, 4, 0, 255, 0)));
  folder.write("a/notes.txt", "not an image");
  folder.write(".hidden/y.png", encode_png(flat_image(4, 4, 1, 1, 1)));
  folder.write("readme.png", "not in a class");
}

/// Both ways of opening: decoded at open, and at every load.
class ImageFolder : public ::testing::TestWithParam<bool> {
 protected:
  ImageFolderOptions options() const {
    ImageFolderOptions result;
    if (GetParam()) result.memory_limit_bytes = 0;
    return result;
  }
  const TemporaryFolder folder_;
};
INSTANTIATE_TEST_SUITE_P(MemoryAndLazy, ImageFolder, ::testing::Bool(),
                         [](const auto& test) { return test.param ? "Lazy" : "Memory"; });

TEST_P(ImageFolder, ClassesAndFilesAreSorted) {
  write_small_set(folder_);
  const auto dataset = open_image_folder(folder_.path(), options());
  EXPECT_THAT(dataset->class_names(), ElementsAre("a", "b"));
  EXPECT_EQ(dataset->image_shape(), (Shape{3, 4, 4}));
  ASSERT_EQ(dataset->size(), 3);
  const float colours[3][3] = {{0, 1, 0}, {0, 0, 1}, {1, 0, 0}};  // x.jpeg, 10.JPG, 2.png
  std::vector<float> image(48);
  for (int64_t i = 0; i < 3; ++i) {
    EXPECT_EQ(dataset->load(i, image), i == 0 ? 0 : 1);
    for (int c = 0; c < 3; ++c) EXPECT_NEAR(image[c * 16 + 5], colours[i][c], 0.02) << i << " " << c;
  }
  EXPECT_TRUE(dataset->skipped().empty());
}

TEST_P(ImageFolder, OtherSizesAreFitted) {
  const Image source = random_image(10, 20, 3, 4);
  folder_.write("c/1.png", encode_png(source));
  ImageFolderOptions wanted = options();
  wanted.image_shape = {1, 5, 5};
  const auto dataset = open_image_folder(folder_.path(), wanted);
  std::vector<float> image(25), expected(25);
  dataset->load(0, image);
  to_unit_floats(convert_channels(fit_image(source, 5, 5), 1).pixels, expected);
  EXPECT_EQ(image, expected);
}

TEST_P(ImageFolder, ImagesThatDoNotDecodeAreNamedSkippedAndCounted) {
  const std::string jpeg = encode_jpeg(random_image(16, 16, 3, 1));
  folder_.write("a/1.jpg", jpeg.substr(0, jpeg.size() / 2));
  folder_.write("a/2.jpg", jpeg);
  folder_.write("b/3.png", "garbage");
  folder_.write("b/4.png", encode_png(flat_image(16, 16, 255, 255, 255)));
  LogCapture log;
  const auto dataset = open_image_folder(folder_.path(), options());
  std::vector<float> image(768);
  std::vector<int64_t> labels;
  for (int repeat = 0; repeat < 2; ++repeat)
    for (int64_t i = 0; i < dataset->size(); ++i) labels.push_back(dataset->load(i, image));
  if (GetParam()) EXPECT_THAT(labels, ElementsAre(kNoLabel, 0, kNoLabel, 1, kNoLabel, 0, kNoLabel, 1));
  else EXPECT_THAT(labels, ElementsAre(0, 1, 0, 1));
  EXPECT_EQ(image[0], 1.0F);
  const auto skipped = dataset->skipped();
  ASSERT_EQ(skipped.size(), 2u);
  EXPECT_THAT(skipped[0].path, HasSubstr("a/1.jpg"));
  EXPECT_THAT(skipped[0].reason, HasSubstr("Premature end of JPEG"));
  EXPECT_THAT(skipped[1].path, HasSubstr("b/3.png"));
  EXPECT_THAT(skipped[1].reason, HasSubstr("neither JPEG, PNG, WebP, TIFF nor BMP"));
  EXPECT_THAT(log.lines, ElementsAre(HasSubstr("a/1.jpg"), HasSubstr("b/3.png")));
}

TEST_P(ImageFolder, AllFailingIsAnError) {
  folder_.write("a/1.jpg", "x");
  folder_.write("a/2.png", "");
  EXPECT_ERROR(open_image_folder(folder_.path(), options()), kDataCorrupt, "none of the 2 images");
  EXPECT_ERROR(open_image_folder(folder_.path(), options()), kDataCorrupt, "a/1.jpg");
  ImageFolderOptions sized = options();
  sized.image_shape = {3, 8, 8};
  EXPECT_ERROR(open_image_folder(folder_.path(), sized), kDataCorrupt, "none of the 2 images");
}

TEST_P(ImageFolder, MissingAndEmptyFoldersSayWhatIsExpected) {
  EXPECT_ERROR(open_image_folder(folder_.path() / "none", options()), kNotFound,
               "<folder>/<class>/ with .jpg");
  EXPECT_ERROR(open_image_folder(folder_.path() / "none", options()), kNotFound, "none is not a folder");
  EXPECT_ERROR(open_image_folder(folder_.path(), options()), kNotFound, "has no class folders");
  folder_.write("a/text.txt", "");
  EXPECT_ERROR(open_image_folder(folder_.path(), options()), kNotFound, "hold no images");
}

TEST_P(ImageFolder, BadOptionsAreErrors) {
  write_small_set(folder_);
  ImageFolderOptions bad = options();
  bad.image_shape = {2, 4, 4};
  EXPECT_ERROR(open_image_folder(folder_.path(), bad), kInvalidArgument, "2x4x4");
  bad.image_shape = {3, 4, 1'000'000'000'000};
  EXPECT_ERROR(open_image_folder(folder_.path(), bad), kInvalidArgument, "side above");
  bad.image_shape = {};
  bad.resize = 3;
  EXPECT_ERROR(open_image_folder(folder_.path(), bad), kInvalidArgument,
               "resized to 3, which does not cover");
}

TEST_P(ImageFolder, FoldersBelowAClassBelongToIt) {
  const std::string png = encode_png(flat_image(2, 2, 255, 0, 0));
  folder_.write("a/deep/er/2.png", png);
  folder_.write("a/1.png", png);
  folder_.write("b/only/below/3.png", png);
  const auto dataset = open_image_folder(folder_.path(), options());
  EXPECT_EQ(dataset->size(), 3);
  std::vector<float> image(12);
  EXPECT_EQ(dataset->load(1, image), 0);
  EXPECT_EQ(dataset->load(2, image), 1);
  std::filesystem::create_directory_symlink(folder_.path() / "a", folder_.path() / "a/deep/back");
  EXPECT_ERROR(open_image_folder(folder_.path(), options()), kInvalidArgument, "folders deep");
}

TEST_P(ImageFolder, WhatIsLeftOutIsCountedAndNamed) {
  write_small_set(folder_);
  folder_.write("b/below/movie.gif", "GIF89a");
  folder_.write("b/below/other.GIF", "GIF89a");
  LogCapture log;
  open_image_folder(folder_.path(), options());
  EXPECT_THAT(log.lines,
              ElementsAre(HasSubstr("4 files are left out (.gif 2, .png 1, .txt 1), the first is " +
                                    (folder_.path() / "readme.png").string())));
}

TEST_P(ImageFolder, LabelsArePlacesInTheGivenClasses) {
  write_small_set(folder_);
  ImageFolderOptions named = options();
  named.class_names = {"c", "b", "a"};
  const auto dataset = open_image_folder(folder_.path(), named);
  EXPECT_EQ(dataset->class_names(), named.class_names);
  std::vector<float> image(48);
  EXPECT_EQ(dataset->load(0, image), 1);
  EXPECT_EQ(dataset->load(2, image), 2);
  named.class_names = {"a", "c"};
  EXPECT_ERROR(open_image_folder(folder_.path(), named), kInvalidArgument,
               "\"b\" is none of the 2 classes a, c");
}

TEST_P(ImageFolder, LoadsFromManyThreadsAgree) {
  for (int i = 0; i < 20; ++i) {
    const std::string name = "a/" + std::to_string(i) + ".png";
    folder_.write(
        name, i % 5 == 0 ? std::string("bad") : encode_png(random_image(6, 6, 3, static_cast<uint64_t>(i))));
  }
  const auto dataset = open_image_folder(folder_.path(), options());
  const auto read_all = [&] {
    std::vector<float> all(static_cast<size_t>(dataset->size()) * 108);
    for (int64_t i = 0; i < dataset->size(); ++i)
      dataset->load(i, std::span(all).subspan(static_cast<size_t>(i) * 108, 108));
    return all;
  };
  std::vector<std::vector<float>> results(4);
  {
    std::vector<std::jthread> threads;
    for (auto& result : results) threads.emplace_back([&] { result = read_all(); });
  }
  for (const auto& result : results) EXPECT_EQ(result, read_all());
  EXPECT_EQ(dataset->skipped().size(), 4u);
}

TEST(ImageFolderProgress, CountsUpToAll) {
  const TemporaryFolder folder;
  const std::string png = encode_png(flat_image(1, 1, 5, 5, 5));
  for (int i = 0; i < 1500; ++i) folder.write("a/" + std::to_string(i) + ".png", png);
  std::vector<std::pair<int64_t, int64_t>> seen;
  ImageFolderOptions options;
  options.progress = [&](int64_t done, int64_t total) { seen.emplace_back(done, total); };
  EXPECT_EQ(open_image_folder(folder.path(), options)->size(), 1500);
  EXPECT_THAT(seen, ElementsAre(std::pair{1024, 1500}, std::pair{1500, 1500}));
}

}  // namespace
}  // namespace twofour::data
