#include "cli/data_arguments.h"

#include <fmt/format.h>

#include <fstream>

#include "cli/console.h"
#include "cli/parse.h"
#include "twofour/error.h"

namespace twofour::cli {

void add_data_arguments(CLI::App& app, DataArguments& a) {
  app.add_option(
         "--data", a.source,
         "Folder with class folders (ImageFolder), idx files or CIFAR batches; or `digits`, drawn by twofour")
      ->group("Data");
  app.add_option("--data_size", a.size, "Number of images that `digits` draws")
      ->check(CLI::Range(int64_t{1}, int64_t{1'000'000'000}))
      ->group("Data");
  app.add_option("--mean", a.mean, "Per channel, subtracted from values in [0,1]: 0.485,0.456,0.406")
      ->group("Data");
  app.add_option("--std", a.std, "Per channel, divided by: 0.229,0.224,0.225")->group("Data");
  app.add_option("--input_size", a.input_size,
                 "Size of the images where the model leaves it open: 224, 224x320 (HxW) or 3x224x320")
      ->group("Data");
  app.add_option(
         "--resize", a.resize,
         "Shorter side before the centre is cropped to the model's size: 256 (default: it just covers it)")
      ->check(CLI::Range(int64_t{1}, int64_t{32768}))
      ->group("Data");
  app.add_option("--center_crop", a.center_crop, "Size of that crop, which must be the model's: 224")
      ->check(CLI::Range(int64_t{1}, int64_t{32768}))
      ->group("Data");
  app.add_option("--class_names", a.class_names,
                 "Folder names by label, a,b,c or a file of lines; default: those the model was trained on")
      ->group("Data");
  app.add_option("--batch_size", a.batch_size, "Images in a batch")->capture_default_str()->group("Data");
  app.add_option("--seed", a.seed, "Of shuffling, augmentation and fresh weights")
      ->capture_default_str()
      ->group("Data");
}

namespace {

std::string_view split_name(Split split) {
  return split == Split::kTrain ? "training " : split == Split::kTest ? "test " : "";
}

std::string classes_text(int64_t classes, int64_t scores) {
  return classes == scores ? fmt::format("{} classes", classes)
                           : fmt::format("{} classes (the model gives {} scores)", classes, scores);
}

}  // namespace

std::string skipped_text(int64_t skipped) {
  return skipped == 0 ? "" : fmt::format("; left out because they did not decode: {}", skipped);
}

void print_skipped(const DataLoader& loader, std::string_view split) {
  const size_t skipped = loader.skipped().size();
  if (skipped > 0)
    print_line(fmt::format("{} images left out because they did not decode: {}", split, skipped));
}

Shape image_shape(const DataArguments& arguments, const Model& model) {
  Shape open;
  if (!arguments.input_size.empty()) {
    open = parse_shape(arguments.input_size);
    if (open.rank() == 1) open = {open[0], open[0]};
  }
  const Shape shape = model.image_shape(open);
  if (arguments.center_crop > 0 &&
      Shape{arguments.center_crop, arguments.center_crop} != Shape{shape[1], shape[2]})
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("--center_crop={} is not the size of the images that the model takes, {}x{}",
                            arguments.center_crop, shape[1], shape[2]));
  return shape;
}

std::vector<std::string> class_names(const DataArguments& arguments, const Model& model) {
  if (arguments.class_names.empty()) return model.class_names();
  std::ifstream file(arguments.class_names);
  if (!file) return parse_words(arguments.class_names);
  std::vector<std::string> names;
  for (std::string line; std::getline(file, line);)
    if (!line.empty()) names.push_back(line);
  return names;
}

DataLoader open_data(const DataArguments& arguments, const Model& model, DataOptions options) {
  ProgressBar bar("decoding images");
  options.source = arguments.source;
  options.mean = parse_floats(arguments.mean);
  options.std = parse_floats(arguments.std);
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
