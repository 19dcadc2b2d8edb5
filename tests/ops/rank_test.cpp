// Values whose rank is not known before a run: what inference says of them and their readers, and what the
// reference computes.
#include "ir/parse.h"
#include "ops/helpers.h"
#include "support/any_rank_graph.h"

namespace twofour::ops {
namespace {

using ::testing::ElementsAre;

Graph choice(const std::string& readers) { return testing::any_rank_graph(readers, "Identity"); }

std::vector<Tensor> run_choice(const Graph& graph, bool cond) {
  return evaluate(graph, std::vector{flag(cond), floats({1, 3}, {-1, 2, 3})});
}

TEST(AnyRank, InferenceSaysWhatHoldsForEveryRank) {
  Graph graph;
  Builder b(graph);
  Value* x = graph.add_input("x", ValueType::unknown());
  Value* w = graph.add_input("w", {DType::kF32, {4, 3}});
  Value* counts = graph.add_input("counts", ValueType::unknown(DType::kI64));
  const auto type = [](const Value* value) { return value->type().to_string(); };
  EXPECT_EQ(type(b.op("Relu", {x})), "f32[*]");
  EXPECT_EQ(type(b.add(x, w)), "f32[*]");
  EXPECT_EQ(type(b.op("MatMul", {x, w})), "f32[*]");
  EXPECT_EQ(type(b.op("Gemm", {x, w})), "f32[?,3]");
  EXPECT_EQ(type(b.op("Flatten", {x})), "f32[?,?]");
  EXPECT_EQ(type(b.op("Reshape", {x, b.i64({2, 3})})), "f32[2,3]");
  EXPECT_EQ(type(b.op("Reshape", {x, counts})), "f32[*]");
  EXPECT_EQ(type(b.op("Tile", {x, counts})), "f32[*]");  // only a vector fits, but not only a vector as x
  EXPECT_EQ(type(b.op("Equal", {x, x})), "bool[*]");
  EXPECT_EQ(type(b.op("ReduceSum", {x}, {{"keepdims", int64_t{0}}})), "f32[]");
  Value* sizes = b.op("Shape", {x});
  EXPECT_EQ(type(sizes), "i64[?]");
  EXPECT_EQ(type(b.op("Gather", {sizes, b.i64({0})})), "i64[1]");
  EXPECT_EQ(type(b.op("Size", {x})), "i64[]");
}

TEST(AnyRank, SizesOfSuchValuesAreNotKnown) {
  const Graph graph = choice(R"(
    const %one: i64[1] = [1]
    %count = Size(%chosen)
    %sizes = Shape(%chosen)
    %row = Reshape(%count, %one)
    %all = Concat(%row, %sizes) {axis=0}
    %zeros = ConstantOfShape(%all)
    output %count, %zeros)");
  EXPECT_EQ(values(run_choice(graph, true)[0]), std::vector<float>{3});
  EXPECT_EQ(run_choice(graph, true)[1].shape(), (Shape{3, 1, 3}));
  EXPECT_EQ(run_choice(graph, false)[1].shape(), (Shape{3, 3}));
}

TEST(AnyRank, ReadersTakeWhatComes) {
  const Graph graph = choice(R"(
    const %flat: i64[2] = [1, -1]
    %relu = Relu(%chosen)
    %view = Reshape(%relu, %flat)
    output %relu, %view)");
  EXPECT_EQ(graph.outputs()[0]->type().to_string(), "f32[*]");
  for (const bool cond : {true, false}) {
    const std::vector<Tensor> outputs = run_choice(graph, cond);
    EXPECT_EQ(outputs[0].shape(), cond ? Shape({1, 3}) : Shape({3}));
    EXPECT_THAT(values(outputs[0]), ElementsAre(0, 2, 3));
    EXPECT_EQ(outputs[1].shape(), (Shape{1, 3}));
  }
}

TEST(AnyRank, ARankThatDoesNotFitIsAnErrorOfTheRun) {
  const Graph graph = choice(R"(
    %turned = Transpose(%chosen) {perm=[1, 0]} "turn"
    output %turned)");
  EXPECT_EQ(run_choice(graph, true)[0].shape(), (Shape{3, 1}));
  expect_error(ErrorCode::kInvalidArgument, "node \"turn\" (Transpose)", [&] { run_choice(graph, false); });
}

TEST(AnyRank, BranchesNeedOnlyFitWhenTheyAreTaken) {
  const Graph graph = choice(R"(
    %turned = If(%cond, %chosen) {then_branch=graph "turn" {
      input %chosen: f32[*]
      %inner = Transpose(%chosen) {perm=[1, 0]}
      output %inner
    }, else_branch=graph "keep" {
      input %chosen: f32[*]
      %same = Neg(%chosen)
      output %same
    }}
    output %turned)");
  EXPECT_EQ(run_choice(graph, true)[0].shape(), (Shape{3, 1}));
  EXPECT_THAT(values(run_choice(graph, false)[0]), ElementsAre(1, -2, -3));
}

TEST(AnyRank, OtherReadersOfWhatABranchReadsAreChecked) {
  const Graph graph = choice(R"(
    const %six: i64[2] = [2, 3]
    %kept = If(%cond, %chosen) {then_branch=graph "same" {
      input %chosen: f32[*]
      %same = Identity(%chosen)
      output %same
    }, else_branch=graph "negated" {
      input %chosen: f32[*]
      %negated = Neg(%chosen)
      output %negated
    }}
    %view = Reshape(%chosen, %six)
    output %kept, %view)");
  EXPECT_EQ(graph.outputs()[1]->type().to_string(), "f32[2,3]");
  expect_error(ErrorCode::kInvalidArgument, "cannot view f32[3] as f32[2,3]",
               [&] { run_choice(graph, false); });
}

TEST(AnyRank, BranchesOfDifferentTypeAreRefused) {
  const char* other = R"(
    %any = If(%cond, %chosen) {then_branch=graph "values" {
      input %chosen: f32[*]
      %same = Neg(%chosen)
      output %same
    }, else_branch=graph "sizes" {
      input %chosen: f32[*]
      %sizes = Shape(%chosen)
      output %sizes
    }}
    output %any)";
  expect_error(ErrorCode::kInvalidArgument, "a result is f32[*] in one place and i64[?] in the other",
               [&] { choice(other); });
}

TEST(AnyRank, OnlyEqualSlicesAreStacked) {
  Graph graph = parse_graph(fmt::format(R"(graph "stacked" {{
    input %n: i64[]
    input %x: f32[1,3]
    %all = Loop(%n, _, %x) {{num_captures=1, body=graph "body" {{
      input %i: i64[]
      input %go: bool[]
      input %x: f32[1,3]
      const %one: i64[] = [1]
      %early = Less(%i, %one)
      %item = If(%early, %x) {}
      output %go, %item
    }}}}
    output %all
  }})",
                                        testing::any_rank_branches("Identity")));
  infer_all(graph);
  const auto run = [&](int64_t trips) {
    return evaluate(graph, std::vector{ints({}, {trips}), iota({1, 3})})[0].shape();
  };
  EXPECT_EQ(run(0), Shape({0}));
  EXPECT_EQ(run(1), (Shape{1, 1, 3}));
  expect_error(ErrorCode::kInvalidArgument, "iterations give slices of shape 1x3 and 3", [&] { run(2); });
}

}  // namespace
}  // namespace twofour::ops
