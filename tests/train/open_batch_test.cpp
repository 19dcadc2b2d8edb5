#include "train/open_batch.h"

#include <gmock/gmock.h>

#include "ir/parse.h"
#include "models.h"
#include "train/inference_form.h"

namespace twofour::train {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

Graph read_network(const std::string& text) {
  Graph graph = parse_graph(text);
  ops::infer_all(graph);
  return graph;
}

/// Opened, the model gives for each image of a batch what the fixed one gives for that image alone.
void expect_same_for_every_image(const std::string& text) {
  const Graph fixed = read_network(text);
  Graph open = fixed.clone();
  open_batch(open, 3);
  EXPECT_FALSE(open.inputs()[0]->dims()[0].known());
  EXPECT_FALSE(open.outputs()[0]->dims()[0].known());
  Shape image = fixed.inputs()[0]->shape();
  const int64_t values = image.numel();
  Shape batch = image;
  batch[0] = 3;
  const Tensor images = random_tensor(batch, 7, -1, 1);
  const Tensor all = ops::evaluate(open, {{images}})[0];
  for (int64_t n = 0; n < 3; ++n) {
    const Tensor one = Tensor::of<float>(image, images.span<float>().subspan(n * values, values));
    const Tensor expected = ops::evaluate(fixed, {{one}})[0];
    const auto got = all.span<float>().subspan(n * expected.numel(), expected.numel());
    EXPECT_TRUE(std::ranges::equal(got, expected.span<float>())) << n;
  }
}

TEST(OpenBatch, ReshapesWithTheBatchBuiltIn) {
  expect_same_for_every_image(R"(graph "flatten" {
    input %x: f32[1,3,4,4]
    const %shape: i64[2] = [1, 48]
    const %w: f32[48,5] = random(1)
    %f = Reshape(%x, %shape)
    %y = MatMul(%f, %w)
    output %y
  })");
  expect_same_for_every_image(R"(graph "free size" {
    input %x: f32[1,3,4,4]
    const %shape: i64[2] = [1, -1]
    %y = Reshape(%x, %shape)
    output %y
  })");
  expect_same_for_every_image(R"(graph "channel shuffle and back" {
    input %x: f32[1,6,2,2]
    const %groups: i64[5] = [1, 2, 3, 2, 2]
    const %whole: i64[4] = [1, 6, 2, 2]
    %a = Reshape(%x, %groups)
    %b = Transpose(%a) {perm=[0, 2, 1, 3, 4]}
    %y = Reshape(%b, %whole)
    output %y
  })");
}

TEST(OpenBatch, WindowsAndHeadsThatHoldTheBatch) {
  expect_same_for_every_image(R"(graph "windows" {
    input %x: f32[1,4,6]
    const %split: i64[2] = [4, 6]
    const %joined: i64[2] = [1, 24]
    const %w: f32[6,6] = random(1)
    %a = Reshape(%x, %split)
    %b = MatMul(%a, %w)
    %y = Reshape(%b, %joined)
    output %y
  })");
}

TEST(OpenBatch, ResizeToFixedSizes) {
  expect_same_for_every_image(R"(graph "resize" {
    input %x: f32[1,2,3,3]
    const %sizes: i64[4] = [1, 2, 6, 6]
    const %shape: i64[2] = [1, 72]
    %a = Resize(%x, _, _, %sizes) {mode="linear"}
    %y = Reshape(%a, %shape)
    output %y
  })");
}

TEST(OpenBatch, ConstantsThatAreJoinedToEveryItem) {
  expect_same_for_every_image(R"(graph "class token" {
    input %x: f32[1,2,3]
    const %token: f32[1,1,3] = random(1)
    const %whole: i64[3] = [1, 1, 3]
    const %heads: i64[4] = [1, 3, 3, 1]
    %tokens = Expand(%token, %whole)
    %a = Concat(%tokens, %x) {axis=1}
    %b = Reshape(%a, %heads)
    %y = Transpose(%b) {perm=[0, 2, 1, 3]}
    output %y
  })");
  expect_same_for_every_image(R"(graph "on both sides, one computed" {
    input %x: f32[1,2,3]
    const %first: f32[1,1,3] = random(1)
    const %last: f32[1,2,3] = random(2)
    const %place: f32[1,1,3] = random(3)
    %placed = Add(%first, %place)
    %y = Concat(%placed, %x, %last) {axis=-2}
    output %y
  })");
  expect_same_for_every_image(R"(graph "where the batch is not the first axis" {
    input %x: f32[1,2,3]
    const %token: f32[2,1,1] = random(1)
    %turned = Transpose(%x) {perm=[1, 0, 2]}
    %joined = Concat(%turned, %token) {axis=2}
    %y = Transpose(%joined) {perm=[1, 0, 2]}
    output %y
  })");
}

/// A batch of 2 becomes one of 3: `token` was expanded to each item.
TEST(OpenBatch, ExpandedToALargerBatch) {
  Graph graph = read_network(R"(graph "net" {
    input %x: f32[2,1]
    const %token: f32[1,2] = [5, 6]
    const %whole: i64[2] = [2, 2]
    const %wide: i64[2] = [2, 2]
    %tokens = Expand(%token, %whole)
    %wider = Expand(%x, %wide)
    %y = Concat(%wider, %tokens) {axis=1}
    output %y
  })");
  open_batch(graph, 3);
  const Tensor images = Tensor::of<float>({3, 1}, std::array{1.0F, 2.0F, 3.0F});
  const Tensor all = ops::evaluate(graph, {{images}})[0];
  EXPECT_EQ(all.shape(), (Shape{3, 4}));
  EXPECT_THAT(all.span<float>(), ::testing::ElementsAre(1, 1, 5, 6, 2, 2, 5, 6, 3, 3, 5, 6));
}

TEST(OpenBatch, TheNodeThatEndsItIsNamed) {
  const auto expect_named = [](const std::string& text, const std::string& name) {
    Graph graph = read_network(text);
    EXPECT_THAT([&] { open_batch(graph, 2); }, ::testing::ThrowsMessage<Error>(HasSubstr(name)));
  };
  expect_named(R"(graph "one image" {
    input %x: f32[1,4]
    const %first: i64[1] = [0]
    %item = Gather(%x, %first) {axis=0} "pick"
    %y = Relu(%item)
    output %y
  })",
               "node \"pick\" (Gather) gives f32[1,4] for every batch");
  expect_named(R"(graph "joined to what one image gives" {
    input %x: f32[1,4]
    const %first: i64[1] = [0]
    %item = Gather(%x, %first) {axis=0} "pick"
    %y = Concat(%x, %item) {axis=1} "join"
    output %y
  })",
               "node \"pick\" (Gather)");
}

TEST(OpenBatch, ThatBatchItselfNeedsNothing) {
  Graph graph = read_network(R"(graph "net" {
    input %x: f32[4,6]
    const %token: f32[4,1] = random(1)
    %y = Concat(%x, %token) {axis=1} "join"
    output %y
  })");
  open_batch(graph, 4);
  EXPECT_EQ(graph.inputs()[0]->type().to_string(), "f32[4,6]");
  EXPECT_THAT([&] { open_batch(graph, 2); },
              ::testing::ThrowsMessage<Error>(AllOf(HasSubstr("the model is made for batches of 4"),
                                                    HasSubstr("node \"join\" (Concat) gives f32[4,7]"))));
}

TEST(InferenceForm, TrainingFormsGo) {
  ModelMaker m({2, 4, 4});
  Value* conv = m.conv(m.images(), "conv", 3, 3, 1);
  std::vector<Value*> inputs = {conv};
  for (const char* name : {"scale", "bias", "mean", "var"}) inputs.push_back(m.weight(name, {3}, 0.5F, 1.5F));
  Value* norm = m.builder().op_n("BatchNormTrain", inputs, 5, {{"momentum", 0.8F}}, "bn")[0];
  norm = m.builder().op(
      "Dropout",
      {norm, m.builder().scalar(0.5F), m.builder().constant("on", Tensor::of<bool>({}, std::array{true}))},
      {}, "drop");
  Graph graph = m.finish(m.global_pool(norm));
  to_inference_form(graph);
  std::vector<std::string> ops;
  for (const auto& node : graph.nodes()) ops.push_back(node->op());
  EXPECT_THAT(ops, ::testing::ElementsAre("Conv", "BatchNormalization", "GlobalAveragePool", "Flatten"));
  EXPECT_FLOAT_EQ(graph.find_node("bn")->attrs().f("momentum", 0), 0.8F);
}

}  // namespace
}  // namespace twofour::train
