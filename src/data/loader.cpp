#include "data/loader.h"

#include <algorithm>
#include <limits>

#include "base/error.h"
#include "base/parallel.h"

namespace twofour::data {
namespace {

constexpr int kMaxThreads = 256;
constexpr int64_t kMaxPrefetch = 1024;
constexpr uint64_t kAugmentStream = 0xa0761d6478bd642fULL;

int64_t count_batches(const Dataset& dataset, const LoaderOptions& options) {
  TWOFOUR_CHECK(options.batch_size > 0, kInvalidArgument, "the batch size is {}, expected at least 1",
                options.batch_size);
  const int64_t batches = dataset.size() / options.batch_size;
  const bool partial = !options.drop_last && dataset.size() % options.batch_size != 0;
  TWOFOUR_CHECK(batches + partial > 0, kInvalidArgument, "{} images do not fill one batch of {}",
                dataset.size(), options.batch_size);
  return batches + partial;
}

void check_options(const Dataset& dataset, const LoaderOptions& options) {
  const auto channels = static_cast<size_t>(dataset.image_shape()[0]);
  TWOFOUR_CHECK(
      options.mean.size() == options.std.size() && (options.mean.empty() || options.mean.size() == channels),
      kInvalidArgument, "images of {} channels need as many means and deviations, got {} and {}", channels,
      options.mean.size(), options.std.size());
  for (const float std : options.std)
    TWOFOUR_CHECK(std > 0, kInvalidArgument, "a deviation of {} was given, expected a positive value", std);
  TWOFOUR_CHECK(options.threads >= 0 && options.threads <= kMaxThreads, kInvalidArgument,
                "{} loader threads, expected 0 to {}", options.threads, kMaxThreads);
  TWOFOUR_CHECK(
      options.threads == 0 || (options.prefetch_batches > 0 && options.prefetch_batches <= kMaxPrefetch),
      kInvalidArgument, "loader threads prefetch 1 to {} batches, got {}", kMaxPrefetch,
      options.prefetch_batches);
  const int64_t side = std::max(dataset.image_shape()[1], dataset.image_shape()[2]);
  TWOFOUR_CHECK(options.augmentation.crop_padding >= 0 && options.augmentation.crop_padding <= side,
                kInvalidArgument, "crop padding {} on images of {}", options.augmentation.crop_padding,
                dataset.image_shape().to_string());
}

}  // namespace

Loader::Loader(std::shared_ptr<const Dataset> dataset, LoaderOptions options)
    : dataset_(std::move(dataset)),
      options_(std::move(options)),
      batches_per_epoch_(count_batches(*dataset_, options_)),
      orders_(dataset_->size(), options_.shuffle, options_.seed) {
  check_options(*dataset_, options_);
  const int64_t most = std::min(options_.batch_size, dataset_->size());
  const auto keep = static_cast<size_t>(options_.threads == 0 ? 1 : options_.prefetch_batches + 1);
  Shape shape = dataset_->image_shape();
  image_buffers_ =
      BufferPool::create(static_cast<size_t>(Shape{most, shape.numel()}.numel()) * sizeof(float), keep);
  label_buffers_ = BufferPool::create(static_cast<size_t>(most) * sizeof(int64_t), keep);
  for (int i = 0; i < options_.threads; ++i)
    workers_.emplace_back([this](const std::stop_token& stop) {
      unbind_thread();
      work(stop);
    });
}

Loader::~Loader() {
  for (std::jthread& worker : workers_) worker.request_stop();
}

Batch Loader::next() {
  if (options_.threads == 0) {
    Batch batch = fill(next_delivery_, {});
    ++next_delivery_;
    return batch;
  }
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return finished_.contains(next_delivery_); });
  const auto found = finished_.find(next_delivery_);
  if (found->second.error) std::rethrow_exception(found->second.error);
  Batch batch = std::move(found->second.batch);
  finished_.erase(found);
  ++next_delivery_;
  changed_.notify_all();
  return batch;
}

void Loader::seek(int64_t epoch, int64_t batch) {
  TWOFOUR_CHECK(epoch >= 0 && epoch < std::numeric_limits<int64_t>::max() / batches_per_epoch_ - 1 &&
                    batch >= 0 && batch <= batches_per_epoch_,
                kInvalidArgument, "cannot go to epoch {}, batch {}: an epoch has {} batches", epoch, batch,
                batches_per_epoch_);
  const std::lock_guard lock(mutex_);
  ++generation_;
  finished_.clear();
  next_ticket_ = next_delivery_ = epoch * batches_per_epoch_ + batch;
  changed_.notify_all();
}

void Loader::work(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    const bool wanted =
        changed_.wait(lock, stop, [&] { return next_ticket_ < next_delivery_ + options_.prefetch_batches; });
    if (!wanted) return;
    const int64_t ticket = next_ticket_++;
    const uint64_t generation = generation_;
    lock.unlock();
    Result result = make(ticket, stop);
    lock.lock();
    if (generation != generation_) continue;
    finished_.emplace(ticket, std::move(result));
    changed_.notify_all();
  }
}

Loader::Result Loader::make(int64_t ticket, const std::stop_token& stop) {
  try {
    return {fill(ticket, stop), nullptr};
  } catch (...) {
    return {{}, std::current_exception()};
  }
}

Batch Loader::fill(int64_t ticket, const std::stop_token& stop) {
  Batch batch;
  batch.epoch = ticket / batches_per_epoch_;
  batch.index = ticket % batches_per_epoch_;
  batch.first_index = batch.index * options_.batch_size;
  const int64_t count = std::min(options_.batch_size, dataset_->size() - batch.first_index);
  const Shape& shape = dataset_->image_shape();
  batch.images = Tensor(DType::kF32, {count, shape[0], shape[1], shape[2]}, image_buffers_->acquire());
  batch.labels = Tensor(DType::kI64, {count}, label_buffers_->acquire());
  const auto order = orders_.get(batch.epoch);
  const auto labels = batch.labels.span<int64_t>();
  const auto image_size = static_cast<size_t>(shape.numel());
  for (int64_t i = 0; i < count && !stop.stop_requested(); ++i) {
    const auto dst = batch.images.span<float>().subspan(static_cast<size_t>(i) * image_size, image_size);
    fill_image(batch.epoch, (*order)[static_cast<size_t>(batch.first_index + i)], dst,
               labels[static_cast<size_t>(i)]);
  }
  return batch;
}

int64_t Loader::load_image(int64_t index, std::span<float> dst) const {
  const int64_t size = dataset_->size();
  for (int64_t tried = 0; tried < (options_.replace_skipped ? size : 1); ++tried)
    if (const int64_t label = dataset_->load((index + tried) % size, dst); label != kNoLabel) return label;
  TWOFOUR_CHECK(!options_.replace_skipped, kDataCorrupt,
                "none of the {} images can be decoded; the first is {}", size,
                dataset_->skipped().at(0).path);
  return kNoLabel;
}

void Loader::fill_image(int64_t epoch, int64_t index, std::span<float> dst, int64_t& label) const {
  label = load_image(index, dst);
  if (label == kNoLabel) {
    std::ranges::fill(dst, 0.0F);
    return;
  }
  const Shape& shape = dataset_->image_shape();
  Rng epoch_rng = Rng::stream(options_.seed ^ kAugmentStream, static_cast<uint64_t>(epoch));
  Rng rng = Rng::stream(epoch_rng.next(), static_cast<uint64_t>(index));
  augment(dst, shape, options_.augmentation, rng);
  if (!options_.mean.empty()) normalise(dst, shape, options_.mean, options_.std);
}

}  // namespace twofour::data
