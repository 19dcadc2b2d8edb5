// If, Loop and Scan: subgraphs from ONNX into the graph and back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ir/hash.h"
#include "ir/print.h"
#include "ir/verify.h"
#include "onnx/export.h"
#include "run_model.h"

namespace twofour::onnx_io {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// y = cond ? x + c : (x * x), where x * x is computed outside and c is an initializer of the outer graph.
ModelFile choice() {
  ModelFile file;
  file.input("cond", {}, onnx::TensorProto::BOOL).input("x", {2}).floats("c", {2}, {10, 20});
  file.node("Mul", {"x", "x"}, {"square"});
  file.node("If", {"cond"}, {"y"}, "choose").output("y");
  file.give("then_branch", body("yes").node("Add", {"x", "c"}, {"sum"}).output("sum"));
  file.give("else_branch", body("no").node("Identity", {"square"}, {"same"}).output("same"));
  return file;
}

TEST(Subgraphs, BranchesReadWhatIsAroundThem) {
  const Graph graph = choice().import();
  verify(graph);
  const Node* node = graph.find_node("choose");
  ASSERT_EQ(node->inputs().size(), 3U);  // the constant is copied into the branch
  EXPECT_EQ(node->input(1)->name(), "square");
  EXPECT_EQ(node->input(2)->name(), "x");
  EXPECT_THAT(run(graph, {truth(true), row({1, 2})}), ElementsAre(11, 22));
  EXPECT_THAT(run(graph, {truth(false), row({3, 4})}), ElementsAre(9, 16));
}

TEST(Subgraphs, RoundTrip) {
  const Graph graph = choice().import();
  const std::string bytes = export_model_bytes(graph);
  const Graph copy = ModelFile::import_bytes(bytes);
  EXPECT_EQ(hash_graph(copy), hash_graph(graph)) << print_graph(graph) << print_graph(copy);
  EXPECT_THAT(run(copy, {truth(false), row({3, 4})}), ElementsAre(9, 16));
}

TEST(Subgraphs, RanksOfBranchesMayDiffer) {
  ModelFile file;
  file.input("cond", {}, onnx::TensorProto::BOOL).input("x", {2}).ints("axes", {0});
  file.node("If", {"cond"}, {"y"});
  file.give("then_branch", body("matrix").node("Unsqueeze", {"x", "axes"}, {"row"}).output("row"));
  file.give("else_branch", body("vector").node("Neg", {"x"}, {"negated"}).output("negated"));
  file.node("Relu", {"y"}, {"z"}).output("z");
  const Graph graph = file.import();
  for (const Graph& model : {graph.clone(), ModelFile::import_bytes(export_model_bytes(graph))}) {
    EXPECT_EQ(model.outputs()[0]->type().to_string(), "f32[*]");
    EXPECT_EQ(ops::evaluate(model, std::vector{truth(true), row({1, -2})})[0].shape(), (Shape{1, 2}));
    EXPECT_EQ(ops::evaluate(model, std::vector{truth(false), row({1, -2})})[0].shape(), Shape({2}));
  }
}

TEST(Subgraphs, NamesInsideGiveWayToNamesOutside) {
  ModelFile file = choice();
  auto& branch = *file.graph().mutable_node(1)->mutable_attribute(0)->mutable_g();
  branch.mutable_node(0)->set_output(0, "square");  // hides the outer one, which ONNX forbids
  branch.mutable_output(0)->set_name("square");
  const Graph graph = file.import();
  onnx::ModelProto model;
  ASSERT_TRUE(model.ParseFromString(export_model_bytes(graph)));
  const auto& exported = model.graph().node(1).attribute(1).g();
  EXPECT_EQ(exported.name(), "yes");
  EXPECT_NE(exported.node(0).output(0), "square");
  EXPECT_EQ(exported.output(0).name(), exported.node(0).output(0));
}

TEST(Subgraphs, KnownConditionIsDecidedAtImport) {
  ModelFile file = choice();
  file.graph().mutable_input()->DeleteSubrange(0, 1);
  file.initializer("cond", {}, onnx::TensorProto::BOOL).add_int32_data(0);
  const Graph graph = file.import();
  verify(graph);
  EXPECT_EQ(graph.find_node("choose"), nullptr);
  EXPECT_EQ(graph.outputs()[0]->name(), "y");
  EXPECT_THAT(run(graph, {row({3, 4})}), ElementsAre(9, 16));
}

/// Concatenates x to a list n times and keeps the sums; an If inside the loop reads from two levels up.
ModelFile growing() {
  ModelFile file;
  file.input("n", {}, onnx::TensorProto::INT64).input("x", {1}).input("cond", {}, onnx::TensorProto::BOOL);
  file.floats("empty", {0}, {}).ints("axes", {0});
  file.node("Loop", {"n", "", "empty"}, {"list", "sums"}, "grow").output("list").output("sums");
  ModelFile step = body("step");
  step.input("i", {}, onnx::TensorProto::INT64)
      .input("go_on", {}, onnx::TensorProto::BOOL)
      .input("so_far", {-1});
  step.node("If", {"cond"}, {"item"});
  step.give("then_branch", body("plain").node("Identity", {"x"}, {"p"}).output("p"));
  step.give("else_branch", body("negative").node("Neg", {"x"}, {"q"}).output("q"));
  step.node("Concat", {"so_far", "item"}, {"longer"}).attr("axis", int64_t{0});
  step.node("ReduceSum", {"longer", "axes"}, {"sum"}).attr("keepdims", int64_t{0});
  step.node("Identity", {"go_on"}, {"again"});
  step.output("again").output("longer").output("sum");
  file.node("Identity", {"list"}, {"unused"});
  // The attribute goes to the Loop, which is not the last node any more.
  auto& attribute = *file.graph().mutable_node(0)->add_attribute();
  attribute.set_name("body");
  attribute.set_type(onnx::AttributeProto::GRAPH);
  *attribute.mutable_g() = step.graph();
  return file;
}

TEST(Subgraphs, LoopWhoseStateGrows) {
  const Graph graph = growing().import();
  verify(graph);
  EXPECT_EQ(graph.outputs()[0]->type().to_string(), "f32[?]");
  const auto n = [](int64_t count) { return Tensor::of<int64_t>({}, std::array{count}); };
  EXPECT_THAT(run(graph, {n(3), row({2}), truth(false)}), ElementsAre(-2, -2, -2));
  const std::vector<Tensor> outputs = ops::evaluate(graph, std::vector{n(4), row({2}), truth(true)});
  EXPECT_THAT(std::vector<float>(outputs[1].span<float>().begin(), outputs[1].span<float>().end()),
              ElementsAre(2, 4, 6, 8));
  EXPECT_EQ(ops::evaluate(graph, std::vector{n(0), row({2}), truth(true)})[1].shape(), Shape({0}));
}

void expect_error(const ModelFile& file, ErrorCode code, const std::string& text) {
  try {
    file.import();
    FAIL() << "no error; expected: " << text;
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code) << error.what();
    EXPECT_THAT(error.what(), HasSubstr(text));
  }
}

onnx::GraphProto& branch_of(ModelFile& file, int attribute) {
  return *file.graph().mutable_node(1)->mutable_attribute(attribute)->mutable_g();
}

TEST(SubgraphErrors, NameWhatIsWrong) {
  ModelFile unknown = choice();
  branch_of(unknown, 0).mutable_node(0)->set_input(0, "nowhere");
  expect_error(unknown, ErrorCode::kDataCorrupt, "reads \"nowhere\", which nothing produces");
  ModelFile missing = choice();
  missing.graph().mutable_node(1)->mutable_attribute()->RemoveLast();
  expect_error(missing, ErrorCode::kDataCorrupt, "subgraph else_branch is missing");
  ModelFile types = choice();
  branch_of(types, 1).mutable_node(0)->set_op_type("Shape");
  expect_error(types, ErrorCode::kInvalidArgument, "a result is f32[2] in one place and i64[1] in the other");
  ModelFile operators = choice();
  branch_of(operators, 1).mutable_node(0)->set_op_type("Nonsense");
  expect_error(operators, ErrorCode::kUnsupported, "Nonsense");
  ModelFile inputs = choice();
  branch_of(inputs, 1).add_input()->set_name("extra");
  expect_error(inputs, ErrorCode::kDataCorrupt, "has 1 inputs, the node gives it 0");
  ModelFile outputs = growing();
  outputs.graph().mutable_node(0)->mutable_attribute(0)->mutable_g()->mutable_output()->RemoveLast();
  expect_error(outputs, ErrorCode::kInvalidArgument, "1 outputs beside the condition, the node 2");
}

}  // namespace
}  // namespace twofour::onnx_io
