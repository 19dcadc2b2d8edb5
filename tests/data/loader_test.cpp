#include "data/loader.h"

#include <atomic>
#include <set>

#include "base/errors.h"
#include "data/synthetic.h"

namespace twofour::data {
namespace {

/// Image i is filled with i and has label i.
class CountingDataset final : public Dataset {
 public:
  explicit CountingDataset(int64_t size, int64_t failing = -1)
      : Dataset({1, 2, 3}, numbered_classes(size), size), failing_(failing) {}
  mutable std::atomic<int64_t> loads{0};

 private:
  int64_t do_load(int64_t index, std::span<float> dst) const override {
    ++loads;
    TWOFOUR_CHECK(index != failing_, kDataCorrupt, "image {} is broken", index);
    std::fill(dst.begin(), dst.end(), static_cast<float>(index));
    return index;
  }
  int64_t failing_;
};

/// Images 1 and 4 of five do not decode.
class GappyDataset final : public Dataset {
 public:
  explicit GappyDataset(bool all_bad = false)
      : Dataset({1, 2, 3}, numbered_classes(5), 5), all_bad_(all_bad) {}
  std::vector<SkippedItem> skipped() const override { return {{"1.png", "bad"}, {"4.png", "bad"}}; }

 private:
  int64_t do_load(int64_t index, std::span<float> dst) const override {
    std::fill(dst.begin(), dst.end(), static_cast<float>(index) + 1);
    return all_bad_ || index % 3 == 1 ? kNoLabel : index;
  }
  bool all_bad_;
};

struct Copy {
  std::vector<float> images;
  std::vector<int64_t> labels;
  int64_t epoch, index, first_index;
  bool operator==(const Copy&) const = default;
};

Copy copy(const Batch& batch) {
  const auto images = batch.images.span<float>();
  const auto labels = batch.labels.span<int64_t>();
  return {{images.begin(), images.end()},
          {labels.begin(), labels.end()},
          batch.epoch,
          batch.index,
          batch.first_index};
}

std::vector<Copy> take(Loader& loader, int64_t count) {
  std::vector<Copy> batches;
  for (int64_t i = 0; i < count; ++i) batches.push_back(copy(loader.next()));
  return batches;
}

std::shared_ptr<const Dataset> small_images() {
  return make_synthetic({.image_shape = {3, 9, 7}, .num_classes = 5, .size = 53, .seed = 4});
}

LoaderOptions everything_on(int threads, int64_t prefetch) {
  LoaderOptions options;
  options.batch_size = 8;
  options.drop_last = false;
  options.seed = 11;
  options.augmentation = {.flip = true, .crop_padding = 2};
  options.mean = {0.5F, 0.4F, 0.3F};
  options.std = {0.2F, 0.3F, 0.4F};
  options.threads = threads;
  options.prefetch_batches = prefetch;
  return options;
}

TEST(Loader, DoesNotDependOnThreadsOrPrefetch) {
  Loader reference(small_images(), everything_on(0, 0));
  const auto expected = take(reference, 24);
  for (const auto& [threads, prefetch] : {std::pair{1, 1}, {1, 4}, {2, 1}, {2, 3}, {5, 2}, {7, 16}}) {
    Loader loader(small_images(), everything_on(threads, prefetch));
    EXPECT_EQ(take(loader, 24), expected) << threads << " threads, " << prefetch << " ahead";
  }
}

TEST(Loader, SeekGivesTheSameBits) {
  Loader reference(small_images(), everything_on(0, 0));
  const auto expected = take(reference, 28);  // 7 batches an epoch
  for (const int threads : {0, 1, 3}) {
    for (int64_t start = 0; start < 21; ++start) {
      Loader loader(small_images(), everything_on(threads, 3));
      loader.seek(start / 7, start % 7);
      const auto batches = take(loader, 7);
      EXPECT_TRUE(std::equal(batches.begin(), batches.end(), expected.begin() + start)) << start;
      loader.seek(0, 7);  // the end of epoch 0
      EXPECT_EQ(copy(loader.next()), expected[7]);
    }
  }
}

TEST(Loader, AnEpochHoldsEveryImageOnceInAnotherOrder) {
  LoaderOptions options;
  options.batch_size = 10;
  options.drop_last = false;
  Loader loader(std::make_shared<CountingDataset>(95), options);
  ASSERT_EQ(loader.batches_per_epoch(), 10);
  std::set<std::vector<int64_t>> orders;
  for (int64_t epoch = 0; epoch < 3; ++epoch) {
    std::vector<int64_t> order;
    for (int64_t b = 0; b < 10; ++b) {
      const Batch batch = loader.next();
      EXPECT_EQ(batch.epoch, epoch);
      EXPECT_EQ(batch.index, b);
      EXPECT_EQ(batch.first_index, b * 10);
      EXPECT_EQ(batch.size(), b == 9 ? 5 : 10);
      EXPECT_EQ(batch.images.shape(), (Shape{batch.size(), 1, 2, 3}));
      for (int64_t i = 0; i < batch.size(); ++i) {
        EXPECT_EQ(batch.images.span<float>()[i * 6 + 5], static_cast<float>(batch.labels.span<int64_t>()[i]));
        order.push_back(batch.labels.span<int64_t>()[i]);
      }
    }
    orders.insert(order);
    std::sort(order.begin(), order.end());
    for (int64_t i = 0; i < 95; ++i) ASSERT_EQ(order[i], i);
  }
  EXPECT_EQ(orders.size(), 3u);
}

TEST(Loader, WithoutShufflingKeepsTheOrderAndDropsTheRest) {
  LoaderOptions options;
  options.batch_size = 4;
  options.shuffle = false;
  Loader loader(std::make_shared<CountingDataset>(10), options);
  EXPECT_EQ(loader.batches_per_epoch(), 2);
  const auto batches = take(loader, 3);
  EXPECT_EQ(batches[0].labels, (std::vector<int64_t>{0, 1, 2, 3}));
  EXPECT_EQ(batches[1].labels, (std::vector<int64_t>{4, 5, 6, 7}));
  EXPECT_EQ(batches[2].labels, batches[0].labels);
  EXPECT_EQ(batches[2].epoch, 1);
}

TEST(Loader, SeedsGiveDifferentOrders) {
  EXPECT_NE(epoch_order(100, true, 1, 0), epoch_order(100, true, 2, 0));
  EXPECT_EQ(epoch_order(100, true, 1, 3), epoch_order(100, true, 1, 3));
}

TEST(Loader, AnErrorArrivesAtItsBatchAndStays) {
  for (const int threads : {0, 1, 3}) {
    LoaderOptions options;
    options.batch_size = 4;
    options.shuffle = false;
    options.threads = threads;
    Loader loader(std::make_shared<CountingDataset>(40, 13), options);
    EXPECT_EQ(take(loader, 3).back().labels.back(), 11);
    for (int repeat = 0; repeat < 2; ++repeat)
      EXPECT_ERROR(loader.next(), kDataCorrupt, "image 13 is broken");
    loader.seek(0, 4);
    EXPECT_EQ(loader.next().labels.span<int64_t>()[0], 16);
  }
}

TEST(Loader, AnImageThatDoesNotDecodeIsReplacedOrHasNoLabel) {
  LoaderOptions options;
  options.batch_size = 5;
  options.shuffle = false;
  const auto first_batch = [&](bool all_bad) {
    return Loader(std::make_shared<GappyDataset>(all_bad), options).next();
  };
  const Copy replaced = copy(first_batch(false));
  EXPECT_EQ(replaced.labels, (std::vector<int64_t>{0, 2, 2, 3, 0}));
  EXPECT_EQ(replaced.images[4 * 6], 1.0F);
  EXPECT_ERROR(first_batch(true), kDataCorrupt, "none of the 5 images can be decoded; the first is 1.png");
  options.replace_skipped = false;
  options.mean = {0.5F};
  options.std = {0.25F};
  const Copy marked = copy(first_batch(false));
  EXPECT_EQ(marked.labels, (std::vector<int64_t>{0, kNoLabel, 2, 3, kNoLabel}));
  EXPECT_EQ(marked.images[4 * 6], 0.0F);
  EXPECT_EQ(marked.images[3 * 6], (4 - 0.5F) / 0.25F);
  EXPECT_EQ(copy(first_batch(true)).labels, std::vector<int64_t>(5, kNoLabel));
}

TEST(Loader, PrefetchingIsBounded) {
  const auto dataset = std::make_shared<CountingDataset>(1000);
  LoaderOptions options;
  options.batch_size = 10;
  options.threads = 4;
  options.prefetch_batches = 3;
  {
    Loader loader(dataset, options);
    take(loader, 5);
  }
  EXPECT_LE(dataset->loads, (5 + 3) * 10);
}

TEST(Loader, StopsWhileItsThreadsWork) {
  for (int i = 0; i < 200; ++i) {
    LoaderOptions options;
    options.batch_size = 16;
    options.threads = 1 + i % 4;
    Loader loader(std::make_shared<CountingDataset>(64), options);
    if (i % 3 != 0) take(loader, i % 3);
    if (i % 5 == 0) loader.seek(i, 1);
  }
}

TEST(Loader, BatchesAreRecycled) {
  LoaderOptions options;
  options.batch_size = 10;
  options.threads = 2;
  options.prefetch_batches = 2;
  Loader loader(std::make_shared<CountingDataset>(100), options);
  std::set<const std::byte*> buffers;
  for (int i = 0; i < 100; ++i) buffers.insert(loader.next().images.raw());
  EXPECT_LE(buffers.size(), 5u);

  const Batch kept = loader.next();
  const Copy before = copy(kept);
  take(loader, 20);
  EXPECT_EQ(copy(kept), before);
}

TEST(Loader, ABatchOutlivesItsLoader) {
  Batch batch;
  {
    LoaderOptions options;
    options.batch_size = 2;
    options.shuffle = false;
    batch = Loader(std::make_shared<CountingDataset>(4), options).next();
  }
  EXPECT_EQ(batch.images.span<float>()[6], 1.0F);
}

TEST(Loader, BadOptionsAreErrors) {
  const auto dataset = small_images();
  const auto with = [](auto&& change) {
    LoaderOptions options;
    options.batch_size = 8;
    change(options);
    return options;
  };
  const auto open = [&](const LoaderOptions& options) { Loader loader(dataset, options); };
  EXPECT_ERROR(open(with([](auto& o) { o.batch_size = 0; })), kInvalidArgument, "batch size is 0");
  EXPECT_ERROR(open(with([](auto& o) { o.batch_size = 54; })), kInvalidArgument,
               "53 images do not fill one batch of 54");
  EXPECT_ERROR(open(with([](auto& o) {
                 o.mean = {1, 2};
                 o.std = {1, 2};
               })),
               kInvalidArgument, "3 channels");
  EXPECT_ERROR(open(with([](auto& o) { o.mean = {1, 2, 3}; })), kInvalidArgument, "got 3 and 0");
  EXPECT_ERROR(open(with([](auto& o) {
                 o.mean = {1, 2, 3};
                 o.std = {1, 0, 1};
               })),
               kInvalidArgument, "deviation of 0");
  EXPECT_ERROR(open(with([](auto& o) { o.threads = -1; })), kInvalidArgument, "-1 loader threads");
  EXPECT_ERROR(open(with([](auto& o) { o.prefetch_batches = 0; })), kInvalidArgument, "batches, got 0");
  EXPECT_ERROR(open(with([](auto& o) { o.prefetch_batches = INT64_MAX; })), kInvalidArgument,
               "prefetch 1 to 1024");
  EXPECT_ERROR(open(with([](auto& o) { o.augmentation.crop_padding = 10; })), kInvalidArgument,
               "crop padding 10");
  Loader loader(dataset, with([](auto&) {}));
  EXPECT_ERROR(loader.seek(-1, 0), kInvalidArgument, "epoch -1");
  EXPECT_ERROR(loader.seek(0, 7), kInvalidArgument, "an epoch has 6 batches");
  EXPECT_ERROR(loader.seek(INT64_MAX, 0), kInvalidArgument, "cannot go to epoch");
}

}  // namespace
}  // namespace twofour::data
