#include "data/open.h"

#include <algorithm>
#include <filesystem>
#include <optional>

#include "base/error.h"
#include "data/cifar_binary.h"
#include "data/digits.h"
#include "data/fit.h"
#include "data/idx.h"
#include "data/image_folder.h"
#include "data/synthetic.h"

namespace twofour::data {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kDigits = "digits";
constexpr std::string_view kSynthetic = "synthetic";
constexpr int64_t kDigitsTestSize = 4000;
constexpr const char* kCifarTest = "test_batch.bin";

bool is_file(const fs::path& path) {
  std::error_code error;
  return fs::is_regular_file(path, error);
}

bool is_test(const OpenOptions& options) { return options.split != Split::kTrain; }

/// Different for the two splits, so that they never share an image.
uint64_t split_seed(const OpenOptions& options) { return options.seed * 2 + (is_test(options) ? 1 : 0); }

std::unique_ptr<Dataset> open_digits(const OpenOptions& options) {
  DigitsOptions digits;
  digits.seed = split_seed(options);
  if (is_test(options)) digits.size = kDigitsTestSize;
  if (options.size > 0) digits.size = options.size;
  if (options.image_shape.rank() > 0) digits.image_shape = options.image_shape;
  return make_digits(digits);
}

std::unique_ptr<Dataset> open_synthetic(const OpenOptions& options) {
  SyntheticOptions synthetic;
  synthetic.seed = split_seed(options);
  if (options.size > 0) synthetic.size = options.size;
  if (options.num_classes > 0) synthetic.num_classes = options.num_classes;
  if (options.image_shape.rank() > 0) synthetic.image_shape = options.image_shape;
  return make_synthetic(synthetic);
}

std::unique_ptr<Dataset> fitted(std::unique_ptr<Dataset> dataset, const OpenOptions& options) {
  return options.image_shape.rank() == 0
             ? std::move(dataset)
             : fit_dataset(std::move(dataset), options.image_shape, options.resize);
}

/// <dir>/<stem>-<type> or <stem>.<type>, plain or gzipped; both spellings are in use.
std::optional<fs::path> find_idx(const fs::path& dir, const std::string& stem, const std::string& type) {
  for (const char* separator : {"-", "."})
    for (const char* suffix : {"", ".gz"})
      if (fs::path path = dir / fmt::format("{}{}{}{}", stem, separator, type, suffix); is_file(path))
        return path;
  return std::nullopt;
}

std::optional<fs::path> find_idx_images(const fs::path& dir, const std::string& prefix) {
  return find_idx(dir, prefix + "-images", "idx3-ubyte");
}

std::unique_ptr<Dataset> try_idx(const fs::path& dir, const OpenOptions& options) {
  const std::string prefix = is_test(options) ? "t10k" : "train";
  const auto images = find_idx_images(dir, prefix);
  if (!images) return nullptr;
  const auto labels = find_idx(dir, prefix + "-labels", "idx1-ubyte");
  TWOFOUR_CHECK(labels, kNotFound, "{} has images but {}-labels-idx1-ubyte[.gz] is missing beside it",
                images->string(), prefix);
  return fitted(open_idx(*images, *labels), options);
}

std::unique_ptr<Dataset> try_cifar(const fs::path& dir, const OpenOptions& options) {
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::directory_iterator it(dir, error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().string();
    const bool wanted =
        is_test(options) ? name == kCifarTest : name.starts_with("data_batch") && name.ends_with(".bin");
    if (wanted) files.push_back(it->path());
  }
  TWOFOUR_CHECK(!error, kIo, "cannot list {}: {}", dir.string(), error.message());
  if (files.empty()) return nullptr;
  std::sort(files.begin(), files.end());
  return fitted(open_cifar_binary(files), options);
}

std::optional<fs::path> find_folder(const fs::path& dir, std::initializer_list<const char*> names) {
  for (const char* name : names)
    if (looks_like_image_folder(dir / name)) return dir / name;
  return std::nullopt;
}

std::optional<fs::path> find_test_folder(const fs::path& dir) {
  return find_folder(dir, {"test", "val", "validation"});
}

std::unique_ptr<Dataset> try_image_folder(const fs::path& dir, const OpenOptions& options) {
  ImageFolderOptions folder;
  folder.image_shape = options.image_shape;
  folder.class_names = options.class_names;
  folder.own_classes = options.own_classes;
  folder.resize = options.resize;
  folder.memory_limit_bytes = options.memory_limit_bytes;
  folder.progress = options.progress;
  const auto split = is_test(options) ? find_test_folder(dir) : find_folder(dir, {"train"});
  if (split) return open_image_folder(*split, folder);
  if (options.split != Split::kTest && looks_like_image_folder(dir)) return open_image_folder(dir, folder);
  return nullptr;
}

std::string looked_for(const OpenOptions& options) {
  constexpr const char* kFiles = "<class>/ with images";
  std::string list = is_test(options)
                         ? "t10k-images-idx3-ubyte[.gz] (idx), test_batch.bin (CIFAR-10 binary), "
                           "{test,val,validation}/"
                         : "train-images-idx3-ubyte[.gz] (idx), data_batch_*.bin (CIFAR-10 binary), train/";
  list += kFiles;
  if (options.split != Split::kTest) list += std::string(" and ") + kFiles;
  return list;
}

}  // namespace

std::unique_ptr<Dataset> open_dataset(std::string_view spec, const OpenOptions& options) {
  TWOFOUR_CHECK(options.size >= 0, kInvalidArgument,
                "the data has {} images; at least 1 is expected, or 0 for the usual number", options.size);
  if (spec == kDigits) return open_digits(options);
  if (spec == kSynthetic) return open_synthetic(options);
  const fs::path dir(spec);
  std::error_code error;
  TWOFOUR_CHECK(fs::is_directory(dir, error), kNotFound,
                "{} is not a folder that can be read, nor one of the words digits and synthetic", spec);
  for (const auto open : {try_idx, try_cifar, try_image_folder})
    if (auto dataset = open(dir, options)) return dataset;
  fail(ErrorCode::kNotFound, "{} holds no {} data that is known; looked for {} (ImageFolder)", dir.string(),
       is_test(options) ? "test" : "training", looked_for(options));
}

bool has_test_split(std::string_view spec) {
  if (spec == kDigits || spec == kSynthetic) return true;
  const fs::path dir(spec);
  return find_idx_images(dir, "t10k") || is_file(dir / kCifarTest) || find_test_folder(dir);
}

}  // namespace twofour::data
