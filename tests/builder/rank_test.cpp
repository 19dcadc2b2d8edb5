// Engines whose values have a rank that is known only when they run. Every run is compared with the
// reference, before saving and after loading.
#include "base/errors.h"
#include "builder/open_engine.h"
#include "builder/specialise.h"
#include "support/any_rank_graph.h"

namespace twofour::builder {
namespace {

using testing::any_rank_graph;

Tensor truth(bool value) { return Tensor::of<bool>({}, std::array{value}); }

TEST(AnyRank, ReadersTakeWhatComes) {
  Graph graph = any_rank_graph(R"(
    const %last: i64[1] = [-1]
    const %flat: i64[2] = [1, -1]
    const %w: f32[3,2] = [1, 2, 3, 4, 5, 6]
    %relu = Relu(%chosen)
    %sum = ReduceSum(%relu, %last) {keepdims=0}
    %twice = Add(%relu, %sum)
    %view = Reshape(%relu, %flat)
    %product = MatMul(%view, %w)
    %y = Neg(%product)
    %sizes = Shape(%relu)
    output %chosen, %twice, %sum, %y, %sizes)");
  EXPECT_EQ(graph.find_value("twice")->type().to_string(), "f32[*]");
  EXPECT_EQ(graph.find_value("view")->type().to_string(), "f32[1,?]");
  EXPECT_EQ(graph.find_value("sizes")->type().to_string(), "i64[?]");
  Both net(std::move(graph), {});
  const engine::Plan& plan = net.context().engine().plan();
  EXPECT_EQ(plan.tensors[static_cast<size_t>(plan.outputs[0])].to_string(), "f32[*]");
  EXPECT_EQ(plan.tensors[static_cast<size_t>(plan.outputs[3])].to_string(), "f32[1,2]");
  for (const engine::PlanStep& step : plan.steps) EXPECT_EQ(step.is_open(), step.op != "Neg") << step.name;
  for (const bool cond : {true, false, false, true}) net.run({truth(cond), noise({1, 3})});
  net.run({truth(false), noise({1, 3})});
  EXPECT_EQ(net.context().tensor("chosen").shape(), Shape({3}));
  EXPECT_ERROR(net.context().bind("chosen", noise({3})), kInvalidArgument, "known only after a run");
}

TEST(AnyRank, ARankThatDoesNotFitIsAnErrorOfTheRun) {
  Both net(any_rank_graph(R"(
    %turned = Transpose(%chosen) {perm=[1, 0]} "turn"
    output %turned)"),
           {});
  for (int round = 0; round < 2; ++round) {
    net.run({truth(true), noise({1, 3})});
    net.context().bind("cond", truth(false));
    EXPECT_ERROR(net.context().run(), kInvalidArgument, "running layer \"turn\" (Transpose)");
  }
}

TEST(AnyRank, BranchesNeedOnlyFitWhenTheyAreTaken) {
  Both net(any_rank_graph(R"(
    %turned = If(%cond, %chosen) {then_branch=graph "turn" {
      input %chosen: f32[*]
      %inner = Transpose(%chosen) {perm=[1, 0]}
      output %inner
    }, else_branch=graph "keep" {
      input %chosen: f32[*]
      %same = Identity(%chosen)
      output %same
    }}
    output %turned)"),
           {});
  for (const bool cond : {true, false, true}) net.run({truth(cond), noise({1, 3})});
}

TEST(AnyRank, AStateOfALoopChangesItsRank) {
  Graph graph = parse_graph(R"(graph "loop" {
    input %n: i64[]
    input %x: f32[1,3]
    %last, %sums = Loop(%n, _, %x) {body=graph "body" {
      input %i: i64[]
      input %go: bool[]
      input %state: f32[*]
      const %one: i64[] = [1]
      %second = Equal(%i, %one)
      %next = If(%second, %state) {then_branch=graph "drop" {
        input %state: f32[*]
        const %first: i64[1] = [0]
        %dropped = Squeeze(%state, %first)
        output %dropped
      }, else_branch=graph "keep" {
        input %state: f32[*]
        %kept = Neg(%state)
        output %kept
      }}
      %sum = ReduceSum(%next) {keepdims=0}
      output %go, %next, %sum
    }}
    output %last, %sums
  })");
  ops::infer_all(graph);
  EXPECT_EQ(graph.outputs()[0]->type().to_string(), "f32[*]");
  EXPECT_EQ(graph.outputs()[1]->type().to_string(), "f32[?]");
  Both net(std::move(graph), {});
  for (const int64_t trips : {4, 0, 1, 2, 4}) net.run({number(trips), noise({1, 3})});
  EXPECT_EQ(net.context().tensor("last").shape(), Shape({3}));
}

TEST(AnyRank, SlicesOfALoopAreStacked) {
  Graph graph = parse_graph(fmt::format(R"(graph "stacked" {{
    input %n: i64[]
    input %cond: bool[]
    input %x: f32[1,3]
    %all = Loop(%n, _, %cond, %x) {{num_captures=2, body=graph "body" {{
      input %i: i64[]
      input %go: bool[]
      input %cond: bool[]
      input %x: f32[1,3]
      %item = If(%cond, %x) {}
      output %go, %item
    }}}}
    output %all
  }})",
                                        testing::any_rank_branches()));
  ops::infer_all(graph);
  Both net(std::move(graph), {});
  for (const int64_t trips : {2, 0, 3})
    for (const bool cond : {true, false}) net.run({number(trips), truth(cond), noise({1, 3})});
  EXPECT_EQ(net.context().tensor("all").shape(), Shape({3, 3}));
}

TEST(AnyRank, SizesThatComeDecide) {
  Graph graph = parse_graph(R"(graph "squeezed" {
    input %x: f32[?,3]
    const %first: i64[1] = [0]
    const %one: i64[1] = [1]
    %shape = Shape(%x)
    %rows = Gather(%shape, %first)
    %single = Equal(%rows, %one)
    %y = If(%single, %x) {then_branch=graph "row" {
      input %x: f32[?,3]
      const %first: i64[1] = [0]
      %row = Squeeze(%x, %first)
      output %row
    }, else_branch=graph "all" {
      input %x: f32[?,3]
      %same = Identity(%x)
      output %same
    }}
    %z = Relu(%y)
    output %z
  })");
  ops::infer_all(graph);
  const InputRanges ranges = {{"x", {{1, 4}, {3, 3}}}};
  Options options;
  options.ranges = ranges;
  options.time_tactics = false;
  Specialiser specialiser(build(graph.clone(), device(), options).engine, device());
  for (const int64_t rows : {1, 4}) {
    const Tensor x = noise({rows, 3});
    const auto engine = specialiser.at({{"x", x.shape()}});
    for (const engine::PlanStep& step : engine->plan().steps) EXPECT_FALSE(step.is_open()) << step.name;
    const auto context = engine->create_context();
    context->bind("x", x);
    context->run();
    expect_same(context->tensor("z"), ops::evaluate(graph, std::vector{x})[0]);
  }
  Both net(std::move(graph), ranges);
  for (const int64_t rows : {1, 4, 1}) net.run({noise({rows, 3})});
}

}  // namespace
}  // namespace twofour::builder
