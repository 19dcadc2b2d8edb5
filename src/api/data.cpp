#include "twofour/data.h"

#include "data/loader.h"
#include "data/open.h"

namespace twofour {

DataLoader::DataLoader(const DataOptions& options) : batch_size_(options.batch_size) {
  data::OpenOptions open;
  open.split = options.train_split ? data::Split::kTrain : data::Split::kTest;
  open.image_shape = options.image_shape;
  open.size = options.size;
  open.num_classes = options.num_classes;
  open.seed = options.seed;
  open.progress = options.progress;
  data::LoaderOptions loader;
  loader.batch_size = options.batch_size;
  loader.shuffle = options.shuffle;
  loader.drop_last = options.train_split;
  loader.seed = options.seed;
  loader.augmentation = {.flip = options.flip, .crop_padding = options.crop_padding};
  loader.mean = options.mean;
  loader.std = options.std;
  loader_ = std::make_shared<data::Loader>(data::open_dataset(options.source, open), loader);
}

int64_t DataLoader::size() const { return loader_->dataset().size(); }
int64_t DataLoader::num_classes() const { return loader_->dataset().num_classes(); }
int64_t DataLoader::batches_per_epoch() const { return loader_->batches_per_epoch(); }

std::vector<std::string> DataLoader::skipped() const {
  std::vector<std::string> lines;
  for (const data::SkippedItem& item : loader_->dataset().skipped())
    lines.push_back(item.path + ": " + item.reason);
  return lines;
}

}  // namespace twofour
