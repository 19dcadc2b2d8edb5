// Forms of elementwise, random and quantisation ops that files spell differently.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model_file.h"
#include "onnx/export.h"
#include "ops/evaluate.h"

namespace twofour::onnx_io {
namespace {

using ::testing::ElementsAre;
using Ints = std::vector<int64_t>;

std::vector<float> run(const ModelFile& file, const Tensor& input) {
  const Tensor result = ops::evaluate(file.import(), std::vector<Tensor>{input})[0].to(DType::kF32);
  return {result.span<float>().begin(), result.span<float>().end()};
}

TEST(MathAdapters, CastLikeIsACastToAKnownType) {
  ModelFile file(19);
  file.input("x", {2}).input("like", {5}, onnx::TensorProto::INT8);
  file.node("CastLike", {"x", "like"}, {"y"}).attr("saturate", int64_t{1}).output("y");
  const Graph graph = file.import();
  EXPECT_EQ(graph.nodes().front()->op(), "Cast");
  EXPECT_EQ(graph.outputs()[0]->type().to_string(), "i8[2]");
  ModelFile alone(19);
  alone.input("x", {2}).node("CastLike", {"x"}, {"y"}).output("y");
  EXPECT_THROW(alone.import(), Error);
}

TEST(MathAdapters, ElementTypesAreNumbersInFiles) {
  ModelFile file(22);
  file.input("x", {2, 2}).node("EyeLike", {"x"}, {"y"}).attr("dtype", int64_t{onnx::TensorProto::INT16});
  file.output("y");
  EXPECT_EQ(file.import().outputs()[0]->dtype(), DType::kI16);
  ModelFile open(23);  // 0: as the inputs say
  open.input("x", {2}).floats("s", {}, {0.5F});
  open.node("QuantizeLinear", {"x", "s"}, {"y"})
      .attr("output_dtype", int64_t{0})
      .attr("precision", int64_t{1});
  open.output("y");
  EXPECT_EQ(open.import().outputs()[0]->dtype(), DType::kU8);
  ModelFile bad(22);
  bad.input("x", {2, 2}).node("EyeLike", {"x"}, {"y"}).attr("dtype", int64_t{99}).output("y");
  EXPECT_THROW(bad.import(), Error);
}

ModelFile random(const char* name, std::optional<float> seed) {
  ModelFile file(22);
  file.node("RandomUniform", {}, {"y"}, name).attr("shape", Ints{8});
  if (seed) file.attr("seed", *seed);
  file.output("y");
  return file;
}

std::vector<float> drawn(const Graph& graph) {
  const Tensor result = ops::evaluate(graph, {})[0];
  return {result.span<float>().begin(), result.span<float>().end()};
}

TEST(MathAdapters, SeedsAreFloatsInFiles) {
  EXPECT_EQ(drawn(random("a", 7.0F).import()), drawn(random("b", 7.0F).import()));
  EXPECT_NE(drawn(random("a", 7.0F).import()), drawn(random("a", 7.5F).import()));
  const Graph graph = random("a", 7.0F).import();
  EXPECT_EQ(drawn(ModelFile::import_bytes(export_model_bytes(graph))), drawn(graph));
}

TEST(MathAdapters, WithoutASeedEveryRunDrawsOthers) {
  const Graph graph = random("a", {}).import();
  EXPECT_NE(drawn(graph), drawn(graph));
  EXPECT_NE(drawn(ModelFile::import_bytes(export_model_bytes(graph))), drawn(graph));
}

TEST(MathAdapters, HardmaxRanOverAMatrix) {
  ModelFile file(11);
  file.input("x", {1, 2, 2}).node("Hardmax", {"x"}, {"y"}).output("y");
  const Tensor src = Tensor::of<float>({1, 2, 2}, std::vector<float>{1, 4, 3, 4});
  EXPECT_THAT(run(file, src), ElementsAre(0, 1, 0, 0));
  ModelFile newer(13);
  newer.input("x", {1, 2, 2}).node("Hardmax", {"x"}, {"y"}).output("y");
  EXPECT_THAT(run(newer, src), ElementsAre(0, 1, 0, 1));
}

TEST(MathAdapters, EveryReductionHadAxesAsAnAttribute) {
  for (const char* op : {"ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceMax", "ReduceMean",
                         "ReduceMin", "ReduceProd", "ReduceSumSquare"}) {
    ModelFile old(11);
    old.input("x", {2, 2}).node(op, {"x"}, {"y"}).attr("axes", Ints{0}).output("y");
    ModelFile newer(18);
    newer.input("x", {2, 2}).ints("axes", {0}).node(op, {"x", "axes"}, {"y"}).output("y");
    const Tensor src = Tensor::of<float>({2, 2}, std::vector<float>{1, 4, 3, 5});
    EXPECT_EQ(run(old, src), run(newer, src)) << op;
    EXPECT_EQ(run(old, src).size(), 2U) << op;
  }
}

}  // namespace
}  // namespace twofour::onnx_io
