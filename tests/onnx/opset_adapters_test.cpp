// One test per row of the adapter table: the form of an old or new opset and the canonical one compute the
// same.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/rng.h"
#include "ir/print.h"
#include "model_file.h"
#include "ops/evaluate.h"

namespace twofour::onnx_io {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Ints = std::vector<int64_t>;

Tensor counting(const Shape& shape) {
  Tensor tensor(DType::kF32, shape);
  float next = 0;
  for (float& v : tensor.span<float>()) v = next++;
  return tensor;
}

std::vector<float> run(const ModelFile& file, const Tensor& input, size_t output = 0) {
  const Tensor result = ops::evaluate(file.import(), std::vector<Tensor>{input})[output];
  const auto values = result.to(DType::kF32);
  return {values.span<float>().begin(), values.span<float>().end()};
}

void expect_refused(const ModelFile& file, ErrorCode code, std::string_view message) {
  try {
    file.import();
    ADD_FAILURE() << "accepted, expected: " << message;
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code) << error.what();
    EXPECT_THAT(error.what(), HasSubstr(message));
  }
}

TEST(Adapters, BatchNormalizationSpatial) {
  ModelFile file(7);
  file.input("x", {1, 2, 1, 2})
      .floats("s", {2}, {2, 3})
      .floats("b", {2}, {1, 1})
      .floats("m", {2}, {0, 1})
      .floats("v", {2}, {1, 4});
  file.node("BatchNormalization", {"x", "s", "b", "m", "v"}, {"y"}, "bn")
      .attr("spatial", int64_t{1})
      .attr("epsilon", 0.0F);
  file.attr("consumed_inputs", Ints{0, 0, 0, 1, 1}).output("y");
  EXPECT_THAT(run(file, counting({1, 2, 1, 2})), ElementsAre(1, 3, 2.5F, 4));
  file.graph().mutable_node(0)->mutable_attribute(0)->set_i(0);
  expect_refused(file, ErrorCode::kUnsupported, "spatial=0");
}

TEST(Adapters, CastTargetIsANumber) {
  ModelFile file(9);
  file.input("x", {3}).node("Cast", {"x"}, {"i"}).attr("to", int64_t{onnx::TensorProto::INT64});
  file.node("Cast", {"i"}, {"y"}).attr("to", int64_t{onnx::TensorProto::FLOAT16}).output("i").output("y");
  const Graph graph = file.import();
  EXPECT_EQ(graph.find_value("i")->dtype(), DType::kI64);
  EXPECT_EQ(graph.find_value("y")->dtype(), DType::kF16);
  ModelFile newer(19);
  newer.input("x", {3})
      .node("Cast", {"x"}, {"y"})
      .attr("to", int64_t{1})
      .attr("saturate", int64_t{1})
      .output("y");
  newer.import();
  ModelFile text(13);
  text.input("x", {3})
      .node("Cast", {"x"}, {"y"}, "c")
      .attr("to", int64_t{onnx::TensorProto::STRING})
      .output("y");
  expect_refused(text, ErrorCode::kUnsupported,
                 "the model's outputs are strings, which are not supported: \"y\"");
  ModelFile huge(13);
  huge.input("x", {3}).node("Cast", {"x"}, {"y"}).attr("to", int64_t{1} << 40).output("y");
  expect_refused(huge, ErrorCode::kDataCorrupt, "is not an ONNX element type");
  ModelFile none(13);
  none.input("x", {3}).node("Cast", {"x"}, {"y"}).output("y");
  expect_refused(none, ErrorCode::kInvalidArgument, "attribute \"to\" is missing");
}

TEST(Adapters, ClipBoundsWereAttributes) {
  ModelFile both(6 + 1);
  both.input("x", {5}).node("Clip", {"x"}, {"y"}).attr("min", 1.0F).attr("max", 3.0F).output("y");
  EXPECT_THAT(run(both, counting({5})), ElementsAre(1, 1, 2, 3, 3));
  ModelFile upper(10);
  upper.input("x", {5}).node("Clip", {"x"}, {"y"}).attr("max", 2.0F).output("y");
  EXPECT_THAT(run(upper, counting({5})), ElementsAre(0, 1, 2, 2, 2));
}

TEST(Adapters, ClipBoundsHaveTheTypeOfTheData) {
  ModelFile file(7);
  file.input("x", {5}, onnx::TensorProto::FLOAT16).node("Clip", {"x"}, {"y"}).attr("min", 1.0F).output("y");
  EXPECT_EQ(file.import().outputs()[0]->dtype(), DType::kF16);
}

TEST(Adapters, DropoutRatioWasAnAttribute) {
  ModelFile file(7);
  file.input("x", {3}).node("Dropout", {"x"}, {"y"}).attr("ratio", 0.25F).output("y");
  const Graph graph = file.import();
  EXPECT_EQ(graph.nodes().front()->input(1)->data().span<float>()[0], 0.25F);
  EXPECT_THAT(run(file, counting({3})), ElementsAre(0, 1, 2));
}

TEST(Adapters, PadAttributesBecameInputs) {
  ModelFile file(10);
  file.input("x", {1, 3})
      .node("Pad", {"x"}, {"y"})
      .attr("pads", Ints{0, 1, 0, 2})
      .attr("value", 9.0F)
      .output("y");
  EXPECT_THAT(run(file, counting({1, 3})), ElementsAre(9, 0, 1, 2, 9, 9));
}

TEST(Adapters, PadOfNamedAxes) {
  ModelFile file(18);
  file.input("x", {1, 2, 1}).ints("pads", {1, 0}).ints("axes", {-2});
  file.node("Pad", {"x", "pads", "", "axes"}, {"y"}).output("y");
  EXPECT_THAT(run(file, counting({1, 2, 1})), ElementsAre(0, 0, 1));
  ModelFile wrong(18);
  wrong.input("x", {1, 2, 1})
      .ints("pads", {1, 0})
      .ints("axes", {3})
      .node("Pad", {"x", "pads", "", "axes"}, {"y"})
      .output("y");
  expect_refused(wrong, ErrorCode::kInvalidArgument, "axis 3 is outside [-3, 3)");
  ModelFile count(18);
  count.input("x", {1, 2, 1})
      .ints("pads", {1})
      .ints("axes", {0})
      .node("Pad", {"x", "pads", "", "axes"}, {"y"})
      .output("y");
  expect_refused(count, ErrorCode::kInvalidArgument, "1 axes need 2 pads, got 1");
}

TEST(Adapters, ReduceAxesAreAnInputSinceOpset18) {
  for (const char* op : {"ReduceMean", "ReduceMax"}) {
    const float factor = std::string_view(op) == "ReduceMean" ? 1 : 2;
    ModelFile old(13);
    old.input("x", {2, 3})
        .node(op, {"x"}, {"y"})
        .attr("axes", Ints{1})
        .attr("keepdims", int64_t{0})
        .output("y");
    EXPECT_THAT(run(old, counting({2, 3})), ElementsAre(factor == 1 ? 1 : 2, factor == 1 ? 4 : 5)) << op;
    ModelFile newer(18);
    newer.input("x", {2, 3})
        .ints("axes", {-1})
        .node(op, {"x", "axes"}, {"y"})
        .attr("keepdims", int64_t{0})
        .output("y");
    EXPECT_EQ(run(newer, counting({2, 3})), run(old, counting({2, 3}))) << op;
    ModelFile all(18);
    all.input("x", {2, 3}).ints("axes", {}).node(op, {"x", "axes"}, {"y"}).output("y");
    EXPECT_EQ(run(all, counting({2, 3})).size(), 1U) << op;
    ModelFile none(18);
    none.input("x", {2, 3}).node(op, {"x"}, {"y"}).attr("noop_with_empty_axes", int64_t{1}).output("y");
    EXPECT_THAT(run(none, counting({2, 3})), ElementsAre(0, 1, 2, 3, 4, 5)) << op;
  }
}

TEST(Adapters, ReduceSumAxesAreAnInputSinceOpset13) {
  ModelFile file(11);
  file.input("x", {2, 3})
      .node("ReduceSum", {"x"}, {"y"})
      .attr("axes", Ints{0})
      .attr("keepdims", int64_t{0})
      .output("y");
  EXPECT_THAT(run(file, counting({2, 3})), ElementsAre(3, 5, 7));
}

TEST(Adapters, SliceBoundsWereAttributes) {
  ModelFile file(9);
  file.input("x", {2, 4})
      .node("Slice", {"x"}, {"y"})
      .attr("starts", Ints{1})
      .attr("ends", Ints{-1})
      .attr("axes", Ints{1});
  file.output("y");
  EXPECT_THAT(run(file, counting({2, 4})), ElementsAre(1, 2, 5, 6));
  ModelFile no_axes(9);
  no_axes.input("x", {2, 4})
      .node("Slice", {"x"}, {"y"})
      .attr("starts", Ints{1, 2})
      .attr("ends", Ints{2, INT64_MAX})
      .output("y");
  EXPECT_THAT(run(no_axes, counting({2, 4})), ElementsAre(6, 7));
}

TEST(Adapters, SoftmaxTookAllTrailingAxesTogether) {
  for (const char* op : {"Softmax", "LogSoftmax"}) {
    ModelFile old(11);
    old.input("x", {2, 3, 4}).node(op, {"x"}, {"y"}, "soft").output("y");  // axis 1: over 12 values
    ModelFile flat(13);
    flat.input("x", {2, 12}).node(op, {"x"}, {"y"}).attr("axis", int64_t{1}).output("y");
    EXPECT_EQ(run(old, counting({2, 3, 4})), run(flat, counting({2, 12})));
    const Graph graph = old.import();
    EXPECT_EQ(graph.outputs()[0]->type().to_string(), "f32[2,3,4]");
    EXPECT_EQ(graph.find_node("soft")->op(), op);
  }
}

TEST(Adapters, SoftmaxOverTheLastAxisStaysOneNode) {
  for (const auto& [dims, axis] :
       std::vector<std::pair<Ints, int64_t>>{{{2, 3}, 1}, {{2, 3, 4}, -1}, {{2, 3, 1, 1}, 1}}) {
    ModelFile file(11);
    file.input("x", dims).node("Softmax", {"x"}, {"y"}).attr("axis", axis).output("y");
    EXPECT_EQ(file.import().nodes().size(), 1U);
  }
  ModelFile wrong(11);
  wrong.input("x", {2, 3}).node("Softmax", {"x"}, {"y"}).attr("axis", int64_t{2}).output("y");
  expect_refused(wrong, ErrorCode::kInvalidArgument, "axis 2 is outside [-2, 2)");
}

TEST(Adapters, SoftmaxKeepsUnknownDims) {
  ModelFile file(11);
  file.input("x", {-1, 3, -1}).node("Softmax", {"x"}, {"y"}).output("y");
  const Graph graph = file.import();
  EXPECT_EQ(graph.outputs()[0]->rank(), 3U);
  EXPECT_EQ(graph.outputs()[0]->name(), "y");
  EXPECT_EQ(run(file, counting({2, 3, 4})).size(), 24U);
}

TEST(Adapters, SplitSizesWereAttributes) {
  ModelFile file(11);
  file.input("x", {5}).node("Split", {"x"}, {"a", "b"}).attr("split", Ints{2, 3}).output("a").output("b");
  EXPECT_THAT(run(file, counting({5}), 1), ElementsAre(2, 3, 4));
  ModelFile even(7);
  even.input("x", {4}).node("Split", {"x"}, {"a", "b"}).output("b");
  EXPECT_THAT(run(even, counting({4})), ElementsAre(2, 3));
}

TEST(Adapters, SplitIntoPartsSinceOpset18) {
  ModelFile file(18);
  file.input("x", {7})
      .node("Split", {"x"}, {"a", "b", "c"})
      .attr("num_outputs", int64_t{3})
      .output("b")
      .output("c");
  EXPECT_THAT(run(file, counting({7}), 0), ElementsAre(3, 4, 5));
  EXPECT_THAT(run(file, counting({7}), 1), ElementsAre(6));
  ModelFile even(18);
  even.input("x", {6}).node("Split", {"x"}, {"a", "b"}).attr("num_outputs", int64_t{2}).output("b");
  EXPECT_THAT(run(even, counting({6})), ElementsAre(3, 4, 5));
  ModelFile wrong(18);
  wrong.input("x", {6}).node("Split", {"x"}, {"a", "b"}).attr("num_outputs", int64_t{3}).output("b");
  expect_refused(wrong, ErrorCode::kInvalidArgument, "num_outputs is 3, but there are 2 outputs");
}

TEST(Adapters, SqueezeAxesWereAttributes) {
  ModelFile file(11);
  file.input("x", {1, 3, 1}).node("Squeeze", {"x"}, {"s"}).attr("axes", Ints{0}).output("s");
  file.node("Unsqueeze", {"s"}, {"u"})
      .attr("axes", Ints{0, 3})
      .output("u")
      .node("Squeeze", {"x"}, {"all"})
      .output("all");
  const Graph graph = file.import();
  EXPECT_EQ(graph.outputs()[0]->type().to_string(), "f32[3,1]");
  EXPECT_EQ(graph.outputs()[1]->type().to_string(), "f32[1,3,1,1]");
  EXPECT_EQ(graph.outputs()[2]->type().to_string(), "f32[3]");
}

/// Opsets between two adapters' ranges are the canonical form already.
TEST(Adapters, CanonicalFormsPassUnchanged) {
  for (const int64_t opset : {13, 15, 17}) {
    ModelFile file(opset);
    file.input("x", {2, 3}).ints("pads", {0, 0, 0, 1}).ints("axes", {1});
    file.node("Pad", {"x", "pads"}, {"p"})
        .node("ReduceSum", {"p", "axes"}, {"r"})
        .node("Softmax", {"r"}, {"s"})
        .attr("axis", int64_t{0});
    file.node("Squeeze", {"s", "axes"}, {"y"}).output("y");
    const Graph graph = file.import();
    EXPECT_EQ(graph.nodes().size(), 4U) << print_graph(graph);
  }
}

}  // namespace
}  // namespace twofour::onnx_io
