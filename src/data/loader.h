// Loader: an endless stream of batches, epoch after epoch, prepared ahead by background threads. What it
// delivers depends on (dataset, options, epoch, batch) only: not on threads, prefetching, or where it was
// started.
#pragma once

#include <condition_variable>
#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/tensor.h"
#include "data/augment.h"
#include "data/batch_plan.h"
#include "data/buffer_pool.h"
#include "data/dataset.h"

namespace twofour::data {

struct LoaderOptions {
  int64_t batch_size = 128;
  bool shuffle = true;
  bool drop_last = true;  // without it the last batch of an epoch may be smaller
  /// The next image that decodes stands in for one that does not; otherwise that one is zeros with kNoLabel.
  bool replace_skipped = true;
  uint64_t seed = 1;
  AugmentOptions augmentation;
  std::vector<float> mean;  // one for each channel; empty: values stay in [0, 1]
  std::vector<float> std;
  int64_t prefetch_batches = 3;  // finished or in work; at least 1 when there are threads
  int threads = 1;               // 0: batches are made inside next()
};

struct Batch {
  Tensor images;  // f32 [N,C,H,W]
  Tensor labels;  // i64 [N]; kNoLabel for an image that does not count
  int64_t epoch = 0;
  int64_t index = 0;        // within the epoch
  int64_t first_index = 0;  // position of image 0 in the epoch's order
  int64_t size() const { return labels.numel(); }
};

class Loader {
 public:
  /// Starts at epoch 0, batch 0. Throws Error{kInvalidArgument} on options that do not fit the dataset.
  Loader(std::shared_ptr<const Dataset> dataset, LoaderOptions options);
  /// Stops the threads; waits for the image each is working on, no longer.
  ~Loader();
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;

  int64_t batches_per_epoch() const { return batches_per_epoch_; }
  const Dataset& dataset() const { return *dataset_; }
  const LoaderOptions& options() const { return options_; }

  /// The next batch; its memory is reused once all copies of its tensors are gone. An exception from the
  /// dataset is rethrown here, in the order of the batches, and again by every call until seek().
  Batch next();

  /// The next next() gives batch `batch` of `epoch`, with the same bits as when read from the start.
  /// batch may be batches_per_epoch(): the start of the next epoch.
  void seek(int64_t epoch, int64_t batch);

 private:
  struct Result {
    Batch batch;
    std::exception_ptr error;
  };

  Result make(int64_t ticket, const std::stop_token& stop);
  Batch fill(int64_t ticket, const std::stop_token& stop);
  int64_t load_image(int64_t index, std::span<float> dst) const;
  void fill_image(int64_t epoch, int64_t index, std::span<float> dst, int64_t& label) const;
  void work(const std::stop_token& stop);

  const std::shared_ptr<const Dataset> dataset_;
  const LoaderOptions options_;
  const int64_t batches_per_epoch_;
  EpochOrders orders_;
  std::shared_ptr<BufferPool> image_buffers_;
  std::shared_ptr<BufferPool> label_buffers_;

  // A ticket is epoch * batches_per_epoch_ + batch. Guarded by mutex_:
  std::mutex mutex_;
  std::condition_variable_any changed_;
  int64_t next_ticket_ = 0;    // to be taken by a worker
  int64_t next_delivery_ = 0;  // to be returned by next()
  uint64_t generation_ = 0;    // counts seeks; results of an older one are dropped
  std::map<int64_t, Result> finished_;

  std::vector<std::jthread> workers_;
};

}  // namespace twofour::data
