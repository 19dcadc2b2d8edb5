#include "cli/data_arguments.h"

#include <fmt/format.h>

#include "cli/console.h"
#include "cli/parse.h"

namespace twofour::cli {

void add_data_arguments(CLI::App& app, DataArguments& a) {
  app.add_option(
         "--data", a.source,
         "Folder with class folders (ImageFolder), idx files or CIFAR batches; or `digits`, drawn by twofour")
      ->group("Data");
  app.add_option("--data_size", a.size, "Number of images that `digits` draws")->group("Data");
  app.add_option("--mean", a.mean, "Per channel, subtracted from values in [0,1]: 0.485,0.456,0.406")
      ->group("Data");
  app.add_option("--std", a.std, "Per channel, divided by: 0.229,0.224,0.225")->group("Data");
  app.add_option("--batch_size", a.batch_size, "Images in a batch")->capture_default_str()->group("Data");
  app.add_option("--seed", a.seed, "Of shuffling, augmentation and fresh weights")
      ->capture_default_str()
      ->group("Data");
}

DataLoader open_data(const DataArguments& arguments, const Model& model, DataOptions options) {
  ProgressBar bar("decoding images");
  options.source = arguments.source;
  options.mean = parse_floats(arguments.mean);
  options.std = parse_floats(arguments.std);
  options.batch_size = arguments.batch_size;
  options.size = arguments.size;
  options.seed = arguments.seed;
  options.image_shape = model.image_shape();
  options.progress = [&](int64_t done, int64_t total) { bar.update(done, total); };
  DataLoader loader(options);
  const auto skipped = loader.skipped();
  bar.finish(fmt::format(
      "{} {} images, {} classes{}", loader.size(), options.train_split ? "training" : "test",
      loader.num_classes(),
      skipped.empty() ? "" : fmt::format("; {} did not decode and were left out", skipped.size())));
  return loader;
}

}  // namespace twofour::cli
