// Forms that exporters give a network, from training to the model that is saved.
#include <gmock/gmock.h>

#include <algorithm>

#include "backend/reference_tactic.h"
#include "blobs.h"
#include "ir/parse.h"
#include "models.h"
#include "train/evaluate.h"
#include "train/trainer.h"

namespace twofour::train {
namespace {

using testing::HasSubstr;

const backend::ReferenceBackend kBackend;

Trainer trained(Graph model) {
  Trainer trainer(std::move(model), kBackend, blob_loader(8, 256, 16), {.time_tactics = false},
                  {.sgd = {.lr = 0.05}});
  for (int epoch = 0; epoch < 3; ++epoch) trainer.train_epoch();
  return trainer;
}

double accuracy(const Graph& model) {
  return evaluate(model, kBackend, *blob_loader(8, 100, 16, 77, false), 16).accuracy();
}

TEST(ExportForms, ChannelsThatComeLastStayLast) {
  ModelMaker m({8, 8, 1});
  const Trainer trainer = trained(m.finish(m.linear(m.builder().op("Flatten", {m.images()}), "fc", 4)));
  const Graph model = trainer.model();
  EXPECT_EQ(model.inputs()[0]->type().to_string(), "f32[N,8,8,1]");
  EXPECT_EQ(model.nodes().size(), 2U);
  EXPECT_GT(accuracy(model), 0.8);
}

TEST(ExportForms, AClassTokenForOneImageIsTrainedForAll) {
  Graph model = parse_graph(R"(graph "tokens" {
    input %x: f32[1,1,8,8]
    const %rows: i64[3] = [1, 1, 64]
    const %token: f32[1,1,64] = random(1)
    const %whole: i64[3] = [1, 1, 64]
    const %w: f32[64,4] = fill(0.0)
    const %axes: i64[1] = [1]
    %patches = Reshape(%x, %rows)
    %tokens = Expand(%token, %whole)
    %all = Concat(%tokens, %patches) {axis=1}
    %mixed = MatMul(%all, %w)
    %y = ReduceMean(%mixed, %axes) {keepdims=0}
    output %y
  })");
  ops::infer_all(model);
  for (const char* name : {"token", "w"}) model.find_value(name)->set_trainable(true);
  const Tensor before = model.find_value("token")->data();
  const Trainer trainer = trained(std::move(model));
  EXPECT_THAT(trainer.describe_constants(), HasSubstr("trains 2 of"));
  const Graph result = trainer.model();
  EXPECT_EQ(result.outputs()[0]->type().to_string(), "f32[N,4]");
  EXPECT_FALSE(std::ranges::equal(result.find_value("token")->data().span<float>(), before.span<float>()));
  EXPECT_GT(accuracy(result), 0.8);
}

}  // namespace
}  // namespace twofour::train
