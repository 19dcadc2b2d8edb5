// Sequences and optionals are resolved at import: what is left are tensors.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../base/errors.h"
#include "ir/verify.h"
#include "run_model.h"

namespace twofour::onnx_io {
namespace {

using ::testing::ElementsAre;

Tensor ramp(const Shape& shape) {
  Tensor tensor(DType::kF32, shape);
  for (size_t i = 0; i < tensor.span<float>().size(); ++i) tensor.span<float>()[i] = static_cast<float>(i);
  return tensor;
}

/// Output 0 for x = 0, 1, 2, ...
Tensor run(const ModelFile& file, const Shape& shape) {
  const Graph graph = file.import();
  verify(graph);
  return ops::evaluate(graph, std::vector{ramp(shape)})[0];
}

onnx::TensorProto& scalar(ModelFile& file, const std::string& name, int64_t value) {
  onnx::TensorProto& tensor = file.initializer(name, {}, onnx::TensorProto::INT64);
  tensor.add_int64_data(value);
  return tensor;
}

/// x [4,3] in parts, then element `index`.
ModelFile part(const std::vector<int64_t>& sizes, int64_t index) {
  ModelFile file;
  file.input("x", {4, 3}).ints("sizes", sizes);
  scalar(file, "index", index);
  file.node("SplitToSequence", {"x", "sizes"}, {"parts"}).attr("axis", int64_t{0});
  return file.node("SequenceAt", {"parts", "index"}, {"y"}).output("y");
}

TEST(Sequences, SplitAndAt) {
  EXPECT_THAT(floats(run(part({1, 3}, 0), {4, 3})), ElementsAre(0, 1, 2));
  EXPECT_THAT(floats(run(part({3, 1}, -1), {4, 3})), ElementsAre(9, 10, 11));
  EXPECT_ERROR(part({3, 1}, 2).import(), kInvalidArgument, "position 2 is outside a sequence of 2");
  EXPECT_ERROR(part({3, 2}, 0).import(), kInvalidArgument, "SplitToSequence");
}

TEST(Sequences, SplitIntoOnesAndIntoChunks) {
  for (const bool keep : {false, true}) {
    ModelFile file;
    file.input("x", {2, 3});
    scalar(file, "index", 1);
    file.node("SplitToSequence", {"x"}, {"parts"}).attr("axis", int64_t{1}).attr("keepdims", int64_t{keep});
    file.node("SequenceAt", {"parts", "index"}, {"y"}).output("y");
    const Tensor y = run(file, {2, 3});
    EXPECT_THAT(floats(y), ElementsAre(1, 4));
    EXPECT_EQ(y.shape(), keep ? Shape({2, 1}) : Shape({2}));
  }
  ModelFile chunks;
  chunks.input("x", {5});
  scalar(chunks, "two", 2);
  chunks.node("SplitToSequence", {"x", "two"}, {"parts"}).node("SequenceLength", {"parts"}, {"n"});
  scalar(chunks, "last", -1);
  chunks.node("SequenceAt", {"parts", "last"}, {"y"}).output("y").output("n");
  const Graph graph = chunks.import();
  const auto results = ops::evaluate(graph, std::vector{ramp({5})});
  EXPECT_THAT(floats(results[0]), ElementsAre(4));
  EXPECT_EQ(results[1].span<int64_t>()[0], 3);
}

TEST(Sequences, InsertEraseConstructAndConcat) {
  ModelFile file;
  file.input("x", {2});
  scalar(file, "first", 0);
  scalar(file, "before_last", -1);
  file.node("Neg", {"x"}, {"minus"}).node("Add", {"x", "x"}, {"double"});
  file.node("SequenceEmpty", {}, {"s0"});
  file.node("SequenceInsert", {"s0", "x"}, {"s1"});
  file.node("SequenceInsert", {"s1", "minus", "first"}, {"s2"});         // minus, x
  file.node("SequenceInsert", {"s2", "double", "before_last"}, {"s3"});  // minus, double, x
  file.node("SequenceErase", {"s3", "first"}, {"s4"});                   // double, x
  file.node("Identity", {"s4"}, {"s5"});
  file.node("ConcatFromSequence", {"s5"}, {"y"}).attr("axis", int64_t{0}).output("y");
  EXPECT_THAT(floats(run(file, {2})), ElementsAre(0, 2, 0, 1));

  ModelFile stacked;
  stacked.input("x", {2}).node("Neg", {"x"}, {"minus"}).node("SequenceConstruct", {"x", "minus", "x"}, {"s"});
  stacked.node("ConcatFromSequence", {"s"}, {"y"}).attr("axis", int64_t{-1}).attr("new_axis", int64_t{1});
  const Tensor y = run(stacked.output("y"), {2});
  EXPECT_EQ(y.shape(), Shape({2, 3}));
  EXPECT_THAT(floats(y), ElementsAre(0, 0, 0, 1, -1, 1));
}

TEST(Sequences, PositionThatIsData) {
  ModelFile file;
  file.input("i", {}, onnx::TensorProto::INT64).input("x", {3});
  file.node("SplitToSequence", {"x"}, {"s"}).node("SequenceAt", {"s", "i"}, {"y"}).output("y");
  const Graph graph = file.import();
  verify(graph);
  for (const int64_t i : {0, 2, -1})
    EXPECT_THAT(
        floats(ops::evaluate(graph, std::vector{Tensor::of<int64_t>({}, std::array{i}), ramp({3})})[0]),
        ElementsAre(i < 0 ? 2 : static_cast<float>(i)));
}

/// Collects x + i for i < n in a sequence, and x * i as a scan output.
ModelFile collecting(bool known_trips) {
  ModelFile file;
  if (!known_trips) file.input("n", {}, onnx::TensorProto::INT64);
  file.input("x", {2});
  if (known_trips) scalar(file, "n", 3);
  file.node("SequenceEmpty", {}, {"none"});
  file.node("Loop", {"n", "", "none"}, {"all", "products"}, "collect");
  ModelFile step = body("step");
  step.input("i", {}, onnx::TensorProto::INT64).input("go_on", {}, onnx::TensorProto::BOOL);
  step.graph().add_input()->set_name("so_far");
  step.node("Identity", {"go_on"}, {"again"});
  step.node("Cast", {"i"}, {"f"}).attr("to", int64_t{onnx::TensorProto::FLOAT});
  step.node("Add", {"x", "f"}, {"item"}).node("Mul", {"x", "f"}, {"product"});
  step.node("SequenceInsert", {"so_far", "item"}, {"more"});
  step.output("again").output("more").output("product");
  file.give("body", step);
  file.node("ConcatFromSequence", {"all"}, {"y"}).attr("axis", int64_t{0});
  return file.output("y").output("products");
}

TEST(Sequences, LoopIsUnrolled) {
  const Graph graph = collecting(true).import();
  verify(graph);
  EXPECT_EQ(graph.find_node("collect"), nullptr);
  const auto results = ops::evaluate(graph, std::vector{ramp({2})});
  EXPECT_THAT(floats(results[0]), ElementsAre(0, 1, 1, 2, 2, 3));
  EXPECT_EQ(results[1].shape(), Shape({3, 2}));
  EXPECT_THAT(floats(results[1]), ElementsAre(0, 0, 0, 1, 0, 2));
}

TEST(Sequences, IterationsShareTheConstantsOfTheBody) {
  ModelFile file = collecting(true);
  onnx::GraphProto& step = *file.graph().mutable_node(1)->mutable_attribute(0)->mutable_g();
  onnx::TensorProto& w = *step.add_initializer();
  w.set_name("w");
  w.set_data_type(onnx::TensorProto::FLOAT);
  w.add_dims(2);
  w.mutable_float_data()->Add(5);
  w.mutable_float_data()->Add(7);
  step.mutable_node(2)->set_input(1, "w");  // x + w
  const Graph graph = file.import();
  verify(graph);
  const auto is_weight = [](const auto& value) { return value->is_constant() && is_float(value->dtype()); };
  EXPECT_EQ(std::ranges::count_if(graph.values(), is_weight), 1);
  EXPECT_THAT(floats(ops::evaluate(graph, std::vector{ramp({2})})[0]), ElementsAre(5, 8, 5, 8, 5, 8));
}

TEST(Sequences, LoopOfUnknownLengthIsRefused) {
  EXPECT_ERROR(collecting(false).import(), kUnsupported,
               "carries sequences, and its number of iterations is not known");
  ModelFile endless = collecting(true);
  endless.graph().mutable_initializer(0)->set_int64_data(0, int64_t{1} << 60);
  EXPECT_ERROR(endless.import(), kResourceExhausted, "too many nodes");
}

TEST(Sequences, LoopsFollowTheSizesThatAreGiven) {
  ModelFile file;
  file.input("x", {-1, 2});
  scalar(file, "index", 1);
  file.node("SplitToSequence", {"x"}, {"rows"}).node("SequenceAt", {"rows", "index"}, {"y"}).output("y");
  EXPECT_ERROR(file.import(), kUnsupported, "the number of parts is not known; give the sizes");
  const Graph graph = file.import({.shapes = {{"x", {3, 2}}}});
  EXPECT_THAT(floats(ops::evaluate(graph, std::vector{ramp({3, 2})})[0]), ElementsAre(2, 3));
}

TEST(Sequences, MapRunsTheBodyOnEachElement) {
  ModelFile file;
  file.input("x", {4}).floats("c", {}, {10});
  file.node("SplitToSequence", {"x"}, {"s"}).attr("keepdims", int64_t{1});
  file.node("SequenceMap", {"s", "x"}, {"t"}, "map");
  ModelFile each = body("each");
  each.graph().add_input()->set_name("e");
  each.graph().add_input()->set_name("all");
  each.node("ReduceMax", {"all"}, {"most"}).attr("keepdims", int64_t{0});
  each.node("Mul", {"e", "c"}, {"m"}).node("Sub", {"m", "most"}, {"r"}).output("r");
  file.give("body", each);
  file.node("ConcatFromSequence", {"t"}, {"y"}).attr("axis", int64_t{0}).output("y");
  EXPECT_THAT(floats(run(file, {4})), ElementsAre(-3, 7, 17, 27));
}

/// An If whose branches give a sequence of `then_parts` and of two elements.
ModelFile choosing(int then_parts) {
  ModelFile file;
  file.input("cond", {}, onnx::TensorProto::BOOL).input("x", {2});
  file.node("SequenceConstruct", {"x", "x"}, {"outside"});
  file.node("If", {"cond"}, {"s"});
  ModelFile yes = body("yes");
  yes.node("Neg", {"x"}, {"n"});
  yes.node("SequenceConstruct", std::vector<std::string>(static_cast<size_t>(then_parts), "n"), {"r"})
      .output("r");
  file.give("then_branch", yes);
  file.give("else_branch", body("no").node("Identity", {"outside"}, {"r"}).output("r"));
  return file.node("ConcatFromSequence", {"s"}, {"y"}).attr("axis", int64_t{0}).output("y");
}

TEST(Sequences, BranchesGiveSequencesOfOneLength) {
  const Graph graph = choosing(2).import();
  verify(graph);
  const auto result = [&](bool condition) {
    return floats(ops::evaluate(graph, std::vector{truth(condition), ramp({2})})[0]);
  };
  EXPECT_THAT(result(true), ElementsAre(0, -1, 0, -1));
  EXPECT_THAT(result(false), ElementsAre(0, 1, 0, 1));
  EXPECT_ERROR(choosing(3).import(), kUnsupported, "sequences of different lengths");
}

TEST(Sequences, AsOutputsTheyAreTheirElements) {
  ModelFile file;
  file.input("x", {2})
      .node("Neg", {"x"}, {"n"})
      .node("SequenceConstruct", {"n", "x", "n"}, {"s"})
      .output("s");
  const Graph graph = file.import();
  verify(graph);
  ASSERT_EQ(graph.outputs().size(), 3U);
  EXPECT_EQ(graph.outputs()[0]->name(), "s/0");
  EXPECT_EQ(graph.outputs()[2]->name(), "s/2");
  const auto results = ops::evaluate(graph, std::vector{ramp({2})});
  EXPECT_THAT(floats(results[1]), ElementsAre(0, 1));
  EXPECT_THAT(floats(results[2]), ElementsAre(0, -1));
}

TEST(Sequences, WhatTakesTensorsRefusesThem) {
  ModelFile file;
  file.input("x", {2}).node("SequenceConstruct", {"x"}, {"s"}).node("Neg", {"s"}, {"y"}, "neg").output("y");
  EXPECT_ERROR(file.import(), kUnsupported,
               "input \"s\" is a sequence; a tensor is expected; while reading node \"neg\"");
  ModelFile tensor;
  tensor.input("x", {2}).node("SequenceLength", {"x"}, {"y"}).output("y");
  EXPECT_ERROR(tensor.import(), kInvalidArgument, "input 0 is not a sequence");
}

TEST(Optionals, AreTheirValuesOrNothing) {
  ModelFile file;
  file.input("x", {2}).node("Optional", {"x"}, {"o"}).node("OptionalHasElement", {"o"}, {"has"});
  file.node("OptionalGetElement", {"o"}, {"e"}).node("Optional", {}, {"nothing"});
  file.node("OptionalHasElement", {"nothing"}, {"has_not"});
  file.node("If", {"has_not"}, {"y"});
  file.give("then_branch", body("yes").node("OptionalGetElement", {"nothing"}, {"r"}).output("r"));
  file.give("else_branch", body("no").node("Neg", {"e"}, {"r"}).output("r"));
  file.output("y").output("has");
  const Graph graph = file.import();
  const auto results = ops::evaluate(graph, std::vector{ramp({2})});
  EXPECT_THAT(floats(results[0]), ElementsAre(0, -1));
  EXPECT_TRUE(results[1].span<bool>()[0]);
  ModelFile none;
  none.node("Optional", {}, {"o"}).node("OptionalGetElement", {"o"}, {"y"}).output("y");
  EXPECT_ERROR(none.import(), kInvalidArgument, "the optional has no value");
}

}  // namespace
}  // namespace twofour::onnx_io
