#include "train/evaluate.h"

#include <limits>

#include "backend/reference_tactic.h"
#include "base/errors.h"
#include "base/log.h"
#include "models.h"

namespace twofour::train {
namespace {

const backend::ReferenceBackend kBackend;

/// Image i of five has label i; images 1 and 4, or all, do not decode.
class GappyDataset final : public data::Dataset {
 public:
  explicit GappyDataset(bool all_bad = false)
      : Dataset({1, 2, 2}, data::numbered_classes(5), 5), all_bad_(all_bad) {}
  std::vector<data::SkippedItem> skipped() const override {
    return {{"1.png", "cut short"}, {"4.png", "empty"}};
  }

 private:
  int64_t do_load(int64_t index, std::span<float> dst) const override {
    std::ranges::fill(dst, 1.0F);
    return all_bad_ || index % 3 == 1 ? data::kNoLabel : index;
  }
  bool all_bad_;
};

/// Gives class 2 the highest score, whatever the image shows.
Graph make_always_two(int64_t classes) {
  ModelMaker m({1, 2, 2});
  Value* scores = m.linear(m.builder().op("Flatten", {m.images()}), "fc", classes);
  Graph graph = m.finish(scores);
  for (const char* name : {"fc.weight", "fc.bias"}) {
    Tensor values = graph.find_value(name)->data().clone();
    std::ranges::fill(values.span<float>(), 0.0F);
    if (values.shape().rank() == 1) values.span<float>()[2] = 1;
    graph.find_value(name)->set_data(values);
  }
  return graph;
}

Evaluation run(const Graph& model, bool all_bad = false) {
  data::Loader loader(std::make_shared<GappyDataset>(all_bad),
                      {.batch_size = 2, .shuffle = false, .drop_last = false, .replace_skipped = false});
  return evaluate(model, kBackend, loader, 2);
}

TEST(Evaluate, ImagesThatDoNotDecodeDoNotCount) {
  const Evaluation result = run(make_always_two(5));
  EXPECT_EQ(result.images, 3);
  EXPECT_EQ(result.correct, 1);
  EXPECT_EQ(result.skipped, 2);
}

TEST(Evaluate, NoImageThatDecodesIsAnError) {
  EXPECT_ERROR(run(make_always_two(5), true), kDataCorrupt,
               "none of the 5 images can be decoded; the first is 1.png: cut short");
}

TEST(Evaluate, EveryClassNeedsAScore) {
  EXPECT_EQ(run(make_always_two(6)).images, 3);
  EXPECT_ERROR(run(make_always_two(4)), kInvalidArgument, "the data has 5 classes, the model gives 4 scores");
}

/// As make_always_two(), but the score of class 0 is NaN: always, or for images whose first value is 0.
Graph make_nan_scores(bool for_all_images) {
  Graph graph = make_always_two(5);
  const char* name = for_all_images ? "fc.bias" : "fc.weight";
  Tensor values = graph.find_value(name)->data().clone();
  values.span<float>()[0] =
      for_all_images ? std::numeric_limits<float>::quiet_NaN() : std::numeric_limits<float>::infinity();
  graph.find_value(name)->set_data(values);
  return graph;
}

/// Images of ones, but image 2 of zeros: 0 * infinity is NaN.
class OneZeroImage final : public data::Dataset {
 public:
  OneZeroImage() : Dataset({1, 2, 2}, data::numbered_classes(5), 5) {}

 private:
  int64_t do_load(int64_t index, std::span<float> dst) const override {
    std::ranges::fill(dst, index == 2 ? 0.0F : 1.0F);
    return index == 2 ? 2 : 0;
  }
};

TEST(Evaluate, AnImageWithNanAmongItsScoresIsWrong) {
  data::Loader loader(std::make_shared<OneZeroImage>(),
                      {.batch_size = 2, .shuffle = false, .drop_last = false});
  std::vector<std::string> warnings;
  set_log_sink([&](LogLevel, std::string_view line) { warnings.emplace_back(line); });
  const Evaluation result = evaluate(make_nan_scores(false), kBackend, loader, 2);
  set_log_sink({});
  EXPECT_EQ(result.images, 5);
  EXPECT_EQ(result.nan_images, 1);
  EXPECT_EQ(result.correct, 4);  // infinity is a score like any other
  EXPECT_EQ(warnings,
            std::vector<std::string>({"the scores of 1 of 5 images have NaN among them and count as wrong"}));
  EXPECT_ERROR(run(make_nan_scores(true)), kFailedPrecondition, "all 3 images have NaN among them");
}

}  // namespace
}  // namespace twofour::train
