// What `eval` and `train` make of image folders: splits, classes, and images that do not decode.
#include <tuple>

#include "commands.h"
#include "data/digits.h"
#include "data/files.h"

namespace twofour {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::ProgramResult;

class ImageFolders : public Commands {
 protected:
  /// 28x28 digits as <folder>/<digit>/<index>.png, those above `last_digit` left out.
  void write_digits(const std::string& folder, int64_t count, int64_t last_digit = 9) const {
    const auto digits = data::make_digits({.size = count, .seed = 5});
    std::vector<float> pixels(28 * 28);
    data::Image image(28, 28, 1);
    for (int64_t i = 0; i < count; ++i) {
      const int64_t label = digits->load(i, pixels);
      if (label > last_digit) continue;
      std::ranges::transform(pixels, image.pixels.begin(),
                             [](float value) { return static_cast<uint8_t>(std::lround(value * 255)); });
      write(folder + "/" + std::to_string(label) + "/" + std::to_string(i) + ".png", data::encode_png(image));
    }
  }
  void write(const std::string& name, std::string_view content) const {
    std::filesystem::create_directories(std::filesystem::path(file(name)).parent_path());
    std::ofstream(file(name), std::ios::binary) << content;
  }
  ProgramResult eval(const std::string& model, const std::string& folder) const {
    return twofour("eval --onnx=" + file(model) + " --data=" + file(folder) +
                   " --batch_size=16 --json=" + file("eval.json"));
  }
  ProgramResult train(const std::string& arguments) const {
    return twofour("train --onnx=" + file("lenet.onnx") + " --batch_size=16 --lr=0.01 " + arguments);
  }
};

TEST_F(ImageFolders, EvalMeasuresAndCountsBadImages) {
  const ProgramResult trained = twofour(
      "train --zoo=lenet --data=digits --data_size=6000 --batch_size=20 "
      "--lr=0.05 --output=" +
      file("out"));
  ASSERT_EQ(trained.status, 0) << trained.output;
  write_digits("digits", 200);
  const ProgramResult good = eval("out/model.onnx", "digits");
  ASSERT_EQ(good.status, 0) << good.output;
  EXPECT_THAT(good.output, AllOf(HasSubstr("200 images, 10 classes\n"), Not(HasSubstr("decode"))));
  const nlohmann::json result = read_json(file("eval.json"));
  EXPECT_EQ(result["images"], 200);
  EXPECT_EQ(result["skipped"], 0);
  EXPECT_GT(result["accuracy_fraction"], 0.5);
  EXPECT_EQ(result["accuracy_fraction"], result["correct"].get<double>() / 200);

  write("digits/3/cut.png", "\x89PNG");
  const ProgramResult one_bad = eval("out/model.onnx", "digits");
  ASSERT_EQ(one_bad.status, 0) << one_bad.output;
  EXPECT_THAT(one_bad.output,
              AllOf(HasSubstr("warning: skipped " + file("digits/3/cut.png")), HasSubstr(" of 200 images), "),
                    HasSubstr("images/s; left out because they did not decode: 1\n")));
  EXPECT_EQ(read_json(file("eval.json"))["skipped"], 1);
  EXPECT_EQ(read_json(file("eval.json"))["correct"], result["correct"]);
}

TEST_F(ImageFolders, EvalNeedsOneImageThatDecodes) {
  make_lenet();
  write("bad/0/a.png", "no image");
  write("bad/1/b.jpg", "");
  const ProgramResult result = eval("lenet.onnx", "bad");
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.output,
              AllOf(HasSubstr("none of the 2 images below " + file("bad")), HasSubstr("0/a.png")));
}

TEST_F(ImageFolders, EvalComparesClassesWithScores) {
  make_lenet();
  write_digits("few", 40, 6);
  EXPECT_THAT(eval("lenet.onnx", "few").output,
              HasSubstr(" images, 7 classes (the model gives 10 scores)\n"));
  write_digits("many", 40);
  for (const char* extra : {"10", "11"}) write("many/" + std::string(extra) + "/1.png", "no image");
  const ProgramResult result = eval("lenet.onnx", "many");
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.output, HasSubstr("the data has 12 classes, the model gives 10 scores"));
}

TEST_F(ImageFolders, TrainingImagesAreNoTestImages) {
  make_lenet();
  write_digits("flat", 64);
  write("flat/3/cut.png", "\x89PNG");
  const ProgramResult result = train("--data=" + file("flat") + " --output=" + file("out"));
  ASSERT_EQ(result.status, 0) << result.output;
  EXPECT_THAT(result.output, AllOf(HasSubstr(file("flat") + " has no test split: no test accuracy"),
                                   HasSubstr("epoch 1/1: loss "),
                                   HasSubstr("training images left out because they did not decode: 1\n"),
                                   Not(HasSubstr(", test ")), Not(HasSubstr("test images"))));
  EXPECT_FALSE(read_json(file("out/history.json"))["epochs"][0].contains("test_accuracy_fraction"));
}

TEST_F(ImageFolders, TestDataIsMeasured) {
  make_lenet();
  write_digits("flat", 64);
  write_digits("other", 40);
  const ProgramResult result =
      train("--data=" + file("flat") + " --test_data=" + file("other") + " --output=" + file("out"));
  ASSERT_EQ(result.status, 0) << result.output;
  EXPECT_THAT(result.output, AllOf(HasSubstr("40 images, 10 classes"), HasSubstr(", test ")));
  EXPECT_TRUE(read_json(file("out/history.json"))["epochs"][0].contains("test_accuracy_fraction"));
}

TEST_F(ImageFolders, TestDataWithOtherClassesIsAnError) {
  make_lenet();
  write_digits("data/train", 64);
  write_digits("data/test", 64);
  std::filesystem::rename(file("data/test/7"), file("data/test/seven"));
  const ProgramResult result = train("--data=" + file("data"));
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.output, AllOf(HasSubstr(file("data/test/seven")),
                                   HasSubstr("\"seven\" is none of the 10 classes 0, 1, 2, 3")));
}

TEST_F(ImageFolders, ClassesAreFoundByTheirNames) {
  make_lenet();
  write_digits("data/train", 400);
  write_digits("all", 100);
  ASSERT_EQ(train("--data=" + file("data") + " --epochs=2 --output=" + file("out")).status, 0);
  ASSERT_EQ(eval("out/model.onnx", "all").status, 0);
  const int64_t all = read_json(file("eval.json"))["correct"];
  int64_t in_parts = 0;
  for (const auto& [name, first, last] : {std::tuple{"low", 0, 4}, {"high", 5, 9}}) {
    std::filesystem::create_directories(file(name));
    for (int digit = first; digit <= last; ++digit)
      std::filesystem::copy(file("all/" + std::to_string(digit)), file(name + ("/" + std::to_string(digit))),
                            std::filesystem::copy_options::recursive);
    ASSERT_EQ(eval("out/model.onnx", name).status, 0);
    in_parts += read_json(file("eval.json"))["correct"].get<int64_t>();
  }
  EXPECT_EQ(in_parts, all);
  // Without names in the model the upper half alone has no labels, unless they are given.
  const ProgramResult unnamed = eval("lenet.onnx", "high");
  EXPECT_EQ(unnamed.status, 1);
  EXPECT_THAT(unnamed.output, HasSubstr("5 classes 5, 6, 7, 8, 9, the model gives 10 scores"));
  write("names.txt", "0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n");
  EXPECT_EQ(twofour("eval --onnx=" + file("lenet.onnx") + " --data=" + file("high") +
                    " --class_names=" + file("names.txt"))
                .status,
            0);
}

TEST_F(ImageFolders, TrainingKnowsTheScoreOfEachClass) {
  make_lenet();
  write_digits("pets", 200, 1);
  std::filesystem::rename(file("pets/0"), file("pets/bird"));
  std::filesystem::rename(file("pets/1"), file("pets/cat"));
  const std::string data = "--data=" + file("pets") + " --output=" + file("out") + " --class_names=";
  const ProgramResult unnamed = train("--data=" + file("pets") + " --output=" + file("out"));
  EXPECT_EQ(unnamed.status, 1);
  EXPECT_THAT(unnamed.output, AllOf(HasSubstr("the 2 classes bird, cat, the model gives 10 scores"),
                                    HasSubstr("--class_names needs all 10"), Not(HasSubstr("epoch 1"))));
  const std::string eight = "a,b,c,d,e,f,g,bird,";
  for (const auto& [names, text] :
       {std::pair<std::string, std::string>{"bird,cat", "--class_names has 2 names: it needs all 10"},
        {eight + "cat,a", "--class_names has a name twice"},
        {eight + "h,i", "--class_names lacks classes of " + file("pets") + ": bird, cat"}}) {
    const ProgramResult result = train(data + names);
    EXPECT_EQ(result.status, 1);
    EXPECT_THAT(result.output, AllOf(HasSubstr(text), Not(HasSubstr("epoch 1"))));
  }
  EXPECT_FALSE(std::filesystem::exists(file("out")));
  EXPECT_THAT(
      twofour("eval --onnx=" + file("lenet.onnx") + " --data=" + file("pets") + " --class_names=bird,cat")
          .output,
      HasSubstr("--class_names has 2 names: it needs all 10"));

  const ProgramResult named = train(data + eight + "cat,i");
  ASSERT_EQ(named.status, 0) << named.output;
  EXPECT_EQ(eval("out/model.onnx", "pets").status, 0);
  // A benchmark needs no labels.
  EXPECT_EQ(train("--data=" + file("pets") + " --num_iter=2").status, 0);
}

TEST_F(ImageFolders, ResizeAndCropAreOptions) {
  make_lenet();
  write_digits("flat", 64);
  const std::string data = "--data=" + file("flat") + " ";
  EXPECT_EQ(train(data + "--resize=32 --center_crop=28").status, 0);
  for (const auto& [options, text] :
       {std::pair{"--resize=20", "resized to 20, which does not cover the 28x28"},
        {"--center_crop=28", "--center_crop has no effect here: it needs --resize"},
        {"--resize=40 --center_crop=32", "is not the size of the images that the model takes, 28x28"},
        {"--input_size=32", "the model takes images of 28 rows, 32 was given"}}) {
    const ProgramResult result = train(data + options);
    EXPECT_EQ(result.status, 1);
    EXPECT_THAT(result.output, HasSubstr(text));
  }
}

TEST_F(ImageFolders, ABenchmarkNeedsNoTestImages) {
  make_lenet();
  write_digits("data/train", 64);
  write("data/test/0/a.png", "no image");
  const ProgramResult result = train("--data=" + file("data") + " --num_iter=6 --display_every=3");
  EXPECT_EQ(result.status, 0) << result.output;
  EXPECT_THAT(result.output,
              AllOf(HasSubstr("64 training images"), HasSubstr("global_step: 6 images_per_sec: "),
                    Not(HasSubstr("test images")), Not(HasSubstr("a.png"))));
  const ProgramResult with_output = train("--data=" + file("data") + " --num_iter=6 --output=" + file("out"));
  EXPECT_EQ(with_output.status, 1);
  EXPECT_THAT(with_output.output, HasSubstr("a benchmark"));
}

}  // namespace
}  // namespace twofour
