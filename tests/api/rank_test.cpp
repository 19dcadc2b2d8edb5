// What models and engines say of outputs whose rank data decide.
#include <gtest/gtest.h>

#include "support/any_rank_graph.h"
#include "twofour/engine.h"

namespace twofour {
namespace {

/// %y are the first entries of a matrix of one row where %cond holds, else of that row.
Graph choice() {
  return testing::any_rank_graph(R"(
    input %index: i64[1]
    %y = Gather(%chosen, %index)
    output %y)");
}

TEST(AnyRank, IsSaidOfModelsAndEngines) {
  const Model model(choice());
  ASSERT_EQ(model.output_infos().size(), 1U);
  EXPECT_TRUE(model.output_infos()[0].any_rank);
  EXPECT_EQ(model.outputs()[0], "y: f32[*]");
  const Engine engine = build_engine(model, {.tuning = {.level = 0}}).engine;
  const TensorInfo output = engine.outputs()[0];
  EXPECT_TRUE(output.any_rank && output.is_open());
  EXPECT_EQ(output.shape, Shape());
  EXPECT_FALSE(engine.inputs()[1].any_rank);
  EXPECT_TRUE(engine.layers().back().outputs[0].any_rank);
  EXPECT_FALSE(engine.layers().front().inputs[1].any_rank);
}

TEST(AnyRank, TheTensorOfTheRunHasOne) {
  const Engine engine = build_engine(Model(choice()), {.tuning = {.level = 0}}).engine;
  Context context = engine.context();
  for (const auto& [name, tensor] : engine.random_inputs()) context.bind(name, tensor);
  context.bind("index", Tensor::i64({0}));
  for (const bool cond : {true, false, true}) {
    context.bind("cond", Tensor::of<bool>({}, std::array{cond}));
    context.run();
    EXPECT_EQ(context.tensor("y").shape(), cond ? Shape({1, 3}) : Shape({1}));
  }
}

}  // namespace
}  // namespace twofour
