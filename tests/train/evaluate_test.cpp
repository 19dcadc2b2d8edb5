#include "train/evaluate.h"

#include "backend/reference_tactic.h"
#include "base/errors.h"
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

}  // namespace
}  // namespace twofour::train
