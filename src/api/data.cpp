#include "twofour/data.h"

#include <algorithm>

#include "base/error.h"
#include "data/loader.h"
#include "data/open.h"

namespace twofour {
namespace {

std::string describe_class(const std::vector<std::string>& names, size_t label) {
  return label < names.size() ? '"' + names[label] + '"' : "none";
}

}  // namespace

bool has_test_split(std::string_view source) { return data::has_test_split(source); }

DataLoader::DataLoader(const DataOptions& options)
    : source_(options.source), batch_size_(options.batch_size) {
  data::OpenOptions open;
  const bool training = options.split == Split::kTrain;
  open.split = options.split;
  open.image_shape = options.image_shape;
  open.size = options.size;
  open.num_classes = options.num_classes;
  open.seed = options.seed;
  open.resize = options.resize;
  open.class_names = options.class_names;
  open.own_classes = training;
  open.progress = options.progress;
  data::LoaderOptions loader;
  loader.batch_size = options.batch_size;
  loader.shuffle = options.shuffle;
  loader.drop_last = training;
  loader.replace_skipped = training;
  loader.seed = options.seed;
  loader.augmentation = {.flip = options.flip, .crop_padding = options.crop_padding};
  loader.mean = options.mean;
  loader.std = options.std;
  loader_ = std::make_shared<data::Loader>(data::open_dataset(options.source, open), loader);
}

int64_t DataLoader::size() const { return loader_->dataset().size(); }
int64_t DataLoader::num_classes() const { return loader_->dataset().num_classes(); }
const Shape& DataLoader::image_shape() const { return loader_->dataset().image_shape(); }
const std::vector<std::string>& DataLoader::class_names() const { return loader_->dataset().class_names(); }
int64_t DataLoader::batches_per_epoch() const { return loader_->batches_per_epoch(); }

std::vector<std::string> DataLoader::skipped() const {
  std::vector<std::string> lines;
  for (const data::SkippedItem& item : loader_->dataset().skipped())
    lines.push_back(item.path + ": " + item.reason);
  return lines;
}

void check_same_classes(const DataLoader& train, const DataLoader& test) {
  const std::vector<std::string>& a = train.class_names();
  const std::vector<std::string>& b = test.class_names();
  if (a == b || (data::are_numbered(a) && data::are_numbered(b) && b.size() < a.size())) return;
  size_t label = 0;
  while (label < std::min(a.size(), b.size()) && a[label] == b[label]) ++label;
  fail(ErrorCode::kInvalidArgument,
       "the training data {} and the test data {} have different classes: {} and {} of them, and label {} is "
       "{} in the one and {} in the other",
       train.source(), test.source(), a.size(), b.size(), label, describe_class(a, label),
       describe_class(b, label));
}

}  // namespace twofour
