// Adapters of layers and indexing ops: what the form of an old opset computes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model_file.h"
#include "ops/evaluate.h"

namespace twofour::onnx_io {
namespace {

using ::testing::ElementsAre;

std::vector<float> run(const ModelFile& file, const std::vector<float>& input, const Shape& shape) {
  const std::vector<Tensor> inputs = {Tensor::of<float>(shape, input)};
  const Tensor result = ops::evaluate(file.import(), inputs)[0].to(DType::kF32);
  return {result.span<float>().begin(), result.span<float>().end()};
}

TEST(LayerAdapters, UpsampleOfEveryAge) {
  ModelFile attrs(6);
  attrs.input("x", {1, 1, 1, 2}).node("Upsample", {"x"}, {"y"});
  attrs.attr("width_scale", 2.0F).attr("height_scale", 1.0F).attr("mode", "nearest").output("y");
  EXPECT_THAT(run(attrs, {1, 2}, {1, 1, 1, 2}), ElementsAre(1, 1, 2, 2));
  ModelFile list(7);
  list.input("x", {1, 2}).node("Upsample", {"x"}, {"y"}).attr("mode", "linear").output("y");
  auto& scales = *list.graph().mutable_node(0)->add_attribute();
  scales.set_name("scales");
  scales.set_type(onnx::AttributeProto::FLOATS);
  scales.add_floats(1);
  scales.add_floats(2);
  EXPECT_THAT(run(list, {1, 3}, {1, 2}), ElementsAre(1, 2, 3, 3));
  ModelFile image(7);
  image.input("x", {1, 1, 1, 2}).node("Upsample", {"x"}, {"y"}).output("y");
  *image.graph().mutable_node(0)->add_attribute() = scales;
  EXPECT_THAT(run(image, {1, 3}, {1, 1, 1, 2}), ElementsAre(1, 1, 3, 3));
  ModelFile input(9);
  input.input("x", {2}).floats("s", {1}, {2}).node("Upsample", {"x", "s"}, {"y"}).output("y");
  EXPECT_THAT(run(input, {1, 2}, {2}), ElementsAre(1, 1, 2, 2));
}

TEST(LayerAdapters, ChannelVectorsOfEarlyExporters) {
  ModelFile file(7);
  file.input("x", {1, 2, 1, 3}).floats("b", {2}, {10, 20}).node("Add", {"x", "b"}, {"y"}).output("y");
  EXPECT_THAT(run(file, {1, 2, 3, 4, 5, 6}, {1, 2, 1, 3}), ElementsAre(11, 12, 13, 24, 25, 26));
  ModelFile newer(8);
  newer.input("x", {1, 2, 1, 3}).floats("b", {2}, {10, 20}).node("Add", {"x", "b"}, {"y"}).output("y");
  EXPECT_THROW(newer.import(), Error);
}

TEST(LayerAdapters, ResizeOfOpset10ShrinksToTheNext) {
  ModelFile file(10);
  file.input("x", {4}).floats("s", {1}, {0.6F}).node("Resize", {"x", "s"}, {"y"}).output("y");
  EXPECT_THAT(run(file, {1, 2, 3, 4}, {4}), ElementsAre(1, 3));
  ModelFile both(10);
  both.input("x", {2, 2}).floats("s", {2}, {0.5F, 2}).node("Resize", {"x", "s"}, {"y"}).output("y");
  EXPECT_THAT(run(both, {1, 2, 3, 4}, {2, 2}), ElementsAre(1, 1, 2, 2));
}

TEST(LayerAdapters, ResizeOfOpset10ByScalesOfTheRun) {
  ModelFile file(10);
  file.input("x", {4}).input("s", {1}).node("Resize", {"x", "s"}, {"y"}).output("y");
  const Graph graph = file.import();
  const auto resized = [&](float scale) {
    const std::vector<Tensor> inputs = {Tensor::of<float>({4}, std::vector<float>{1, 2, 3, 4}),
                                        Tensor::of<float>({1}, std::vector<float>{scale})};
    const Tensor result = ops::evaluate(graph, inputs)[0];
    return std::vector<float>(result.span<float>().begin(), result.span<float>().end());
  };
  EXPECT_THAT(resized(0.6F), ElementsAre(1, 3));
  EXPECT_THAT(resized(1.5F), ElementsAre(1, 1, 2, 3, 3, 4));
}

TEST(LayerAdapters, StatisticsAsOutputsMeantTraining) {
  const auto normalised = [](bool training) {
    ModelFile file(7);
    file.input("x", {4, 1}).floats("one", {1}, {1}).floats("zero", {1}, {0});
    const std::vector<std::string> outputs =
        training ? std::vector<std::string>{"y", "m", "v", "sm", "sv"} : std::vector<std::string>{"y"};
    file.node("BatchNormalization", {"x", "one", "zero", "zero", "one"}, outputs).attr("epsilon", 0.0F);
    file.output("y");
    return run(file, {1, 3, 1, 3}, {4, 1});
  };
  EXPECT_THAT(normalised(true), ElementsAre(-1, 1, -1, 1));
  EXPECT_THAT(normalised(false), ElementsAre(1, 3, 1, 3));
}

TEST(LayerAdapters, TopKWasAnAttribute) {
  ModelFile file(9);
  file.input("x", {3}).node("TopK", {"x"}, {"y", "i"}).attr("k", int64_t{2}).output("y");
  EXPECT_THAT(run(file, {1, 3, 2}, {3}), ElementsAre(3, 2));
}

TEST(LayerAdapters, ScatterWasRenamed) {
  ModelFile file(9);
  file.input("x", {3}).ints("i", {2}).floats("u", {1}, {9});
  file.node("Scatter", {"x", "i", "u"}, {"y"}).output("y");
  EXPECT_THAT(run(file, {1, 2, 3}, {3}), ElementsAre(1, 2, 9));
}

TEST(LayerAdapters, GridSampleModesWereRenamed) {
  ModelFile file(16);
  file.input("x", {1, 1, 1, 2}).floats("g", {1, 1, 1, 2}, {0, 0});
  file.node("GridSample", {"x", "g"}, {"y"}).output("y");
  EXPECT_THAT(run(file, {1, 3}, {1, 1, 1, 2}), ElementsAre(2));
}

TEST(LayerAdapters, RoiAlignWasNotShifted) {
  ModelFile file(10);
  file.input("x", {1, 1, 2, 2}).floats("r", {1, 4}, {0.5F, 0.5F, 1.5F, 1.5F});
  file.ints("n", {0}).node("RoiAlign", {"x", "r", "n"}, {"y"}).output("y");
  EXPECT_THAT(run(file, {1, 2, 3, 4}, {1, 1, 2, 2}), ElementsAre(4));
}

TEST(LayerAdapters, BatchNormalizationTrains) {
  ModelFile file(15);
  file.input("x", {2, 1}).floats("s", {1}, {1}).floats("b", {1}, {0});
  file.floats("m", {1}, {10}).floats("v", {1}, {10});
  file.node("BatchNormalization", {"x", "s", "b", "m", "v"}, {"y", "rm", "rv"});
  file.attr("training_mode", int64_t{1}).attr("momentum", 0.5F).output("rm");
  EXPECT_THAT(run(file, {1, 3}, {2, 1}), ElementsAre(6));
}

TEST(LayerAdapters, GroupNormalizationHadOneScalePerGroup) {
  ModelFile file(18);
  file.input("x", {1, 4, 1}).floats("s", {2}, {1, 10}).floats("b", {2}, {0, 1});
  file.node("GroupNormalization", {"x", "s", "b"}, {"y"}).attr("num_groups", int64_t{2});
  file.attr("epsilon", 0.0F).output("y");
  EXPECT_THAT(run(file, {1, 3, 1, 3}, {1, 4, 1}), ElementsAre(-1, 1, -9, 11));
}

TEST(LayerAdapters, DftHadItsAxisAsAnAttribute) {
  ModelFile file(17);
  file.input("x", {1, 2, 2, 1}).node("DFT", {"x"}, {"y"}).attr("axis", int64_t{2}).output("y");
  EXPECT_THAT(run(file, {1, 2, 3, 5}, {1, 2, 2, 1}),
              testing::Pointwise(testing::FloatNear(1e-6F), std::vector<float>{3, 0, -1, 0, 8, 0, -2, 0}));
}

TEST(LayerAdapters, ScalarsAreConcatenated) {
  ModelFile file(11);
  file.input("x", {1});
  file.initializer("s", {}, onnx::TensorProto::FLOAT).add_float_data(5);
  file.node("Concat", {"x", "s"}, {"y"}).attr("axis", int64_t{0}).output("y");
  EXPECT_THAT(run(file, {1}, {1}), ElementsAre(1, 5));
}

}  // namespace
}  // namespace twofour::onnx_io
