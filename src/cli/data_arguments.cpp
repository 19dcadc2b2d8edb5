#include "cli/data_arguments.h"

#include <fmt/format.h>

#include <fstream>
#include <set>

#include "cli/console.h"
#include "cli/parse.h"
#include "twofour/error.h"

namespace twofour::cli {
namespace {

void add_floats(CLI::App& app, const std::string& flag, std::vector<float>& values,
                const std::string& description) {
  add_parsed(
      app, flag, [&values](const std::string& text) { values = parse_floats(text); }, description)
      .type_name("N,...");
}

/// One number is height and width.
Shape parse_image_size(const std::string& text) {
  Shape size = parse_shape(text);
  if (size.rank() == 1) size.push_back(size[0]);
  if (size.rank() != 2 && size.rank() != 3)
    throw Error(ErrorCode::kInvalidArgument, fmt::format("\"{}\" is not a size of images", text));
  return size;
}

bool is_folder(const std::string& source) { return !source.empty() && !is_drawn(source); }

std::string_view split_name(Split split) {
  return split == Split::kTrain ? "training " : split == Split::kTest ? "test " : "";
}

/// "a,b,c", or a file of lines.
std::vector<std::string> read_names(const std::string& list) {
  std::ifstream file(list);
  if (!file) return parse_words(list);
  std::vector<std::string> names;
  for (std::string line; std::getline(file, line);)
    if (!line.empty()) names.push_back(line);
  return names;
}

std::string classes_text(int64_t classes, int64_t scores) {
  return classes == scores ? fmt::format("{} classes", classes)
                           : fmt::format("{} classes (the model gives {} scores)", classes, scores);
}

}  // namespace

bool is_drawn(const std::string& source) { return source == "digits" || source == "synthetic"; }

Argument add_data_arguments(CLI::App& app, DataArguments& a) {
  start_group(app, "Data");
  const Argument data = add_text(
      app, "--data", a.source,
      "Folder with class folders (ImageFolder), idx files or CIFAR batches; or `digits`, drawn by twofour");
  add_number(app, "--data_size", a.size, {1, kMostImages}, "Number of images that `digits` draws")
      .default_text("");
  add_floats(app, "--mean", a.mean, "Per channel, subtracted from values in [0,1]: 0.485,0.456,0.406");
  add_floats(app, "--std", a.std, "Per channel, divided by: 0.229,0.224,0.225");
  add_parsed(
      app, "--input_size", [&a](const std::string& text) { a.input_size = parse_image_size(text); },
      "Size of the images where the model leaves it open: 224, 224x320 (HxW) or 3x224x320")
      .type_name("SHAPE");
  add_number(
      app, "--resize", a.resize, {1, kMostPixels},
      "Shorter side before the centre is cropped to the model's size: 256 (default: it just covers it)")
      .default_text("");
  add_number(app, "--center_crop", a.center_crop, {1, kMostPixels},
             "Size of that crop, which must be the model's: 224")
      .default_text("");
  add_text(app, "--class_names", a.class_names,
           "Folder names by label, a,b,c or a file of lines; default: those the model was trained on");
  add_number(app, "--batch_size", a.batch_size, {1, kMostImages}, "Images in a batch");
  add_number(app, "--seed", a.seed, {0, kMostSeed}, "Of shuffling, augmentation and fresh weights");
  return data;
}

std::vector<OptionUse> data_uses(const DataArguments& a, const std::string& test_source) {
  const bool any = !a.source.empty();
  return {{"--data_size", is_drawn(a.source) || is_drawn(test_source), "--data=digits"},
          {"--class_names", is_folder(a.source), "a folder of classes"},
          {"--mean", any, "--data"},
          {"--std", any, "--data"},
          {"--resize", is_folder(a.source) || is_folder(test_source), "a folder of images"},
          {"--center_crop", a.resize > 0, "--resize"}};
}

std::string skipped_text(int64_t skipped) {
  return skipped == 0 ? "" : fmt::format("; left out because they did not decode: {}", skipped);
}

void print_skipped(const DataLoader& loader, std::string_view split) {
  const size_t skipped = loader.skipped().size();
  if (skipped > 0)
    print_line(fmt::format("{} images left out because they did not decode: {}", split, skipped));
}

Shape image_shape(const DataArguments& arguments, const Model& model) {
  const Shape shape = model.image_shape(arguments.input_size);
  if (arguments.center_crop > 0 &&
      Shape{arguments.center_crop, arguments.center_crop} != Shape{shape[1], shape[2]})
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("--center_crop={} is not the size of the images that the model takes, {}x{}",
                            arguments.center_crop, shape[1], shape[2]));
  return shape;
}

std::vector<std::string> class_names(const DataArguments& arguments, const Model& model) {
  if (arguments.class_names.empty()) return model.class_names();
  std::vector<std::string> names = read_names(arguments.class_names);
  if (static_cast<int64_t>(names.size()) != model.num_classes())
    throw Error(
        ErrorCode::kInvalidArgument,
        fmt::format("--class_names has {} names: it needs all {}, one for each score of the model, in "
                    "their order",
                    names.size(), model.num_classes()));
  if (std::set<std::string>(names.begin(), names.end()).size() != names.size())
    throw Error(ErrorCode::kInvalidArgument, "--class_names has a name twice");
  return names;
}

DataLoader open_data(const DataArguments& arguments, const Model& model, DataOptions options) {
  ProgressBar bar("decoding images");
  options.source = arguments.source;
  options.mean = arguments.mean;
  options.std = arguments.std;
  options.batch_size = arguments.batch_size;
  options.size = arguments.size;
  options.seed = arguments.seed;
  options.image_shape = image_shape(arguments, model);
  options.resize = arguments.resize;
  if (options.class_names.empty()) options.class_names = class_names(arguments, model);
  options.progress = [&](int64_t done, int64_t total) { bar.update(done, total); };
  DataLoader loader(options);
  bar.finish(fmt::format("{} {}images, {}{}", loader.size(), split_name(options.split),
                         classes_text(loader.num_classes(), model.num_classes()),
                         skipped_text(static_cast<int64_t>(loader.skipped().size()))));
  return loader;
}

std::optional<DataLoader> open_test_data(const DataArguments& arguments, const std::string& source,
                                         const Model& model, const DataLoader& train) {
  DataArguments test_arguments = arguments;
  const bool given = !source.empty();
  if (given) test_arguments.source = source;
  if (!given && !has_test_split(arguments.source)) {
    print_line(fmt::format(
        "{} has no test split: no test accuracy is measured (--test_data=... gives images for it)",
        arguments.source));
    return std::nullopt;
  }
  DataLoader test = open_data(test_arguments, model,
                              {.split = given ? Split::kTestOrAll : Split::kTest,
                               .shuffle = false,
                               .class_names = train.class_names()});
  check_same_classes(train, test);
  return test;
}

}  // namespace twofour::cli
