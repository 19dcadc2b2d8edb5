// Engines with sizes that are known only when they run: dimensions left open, sizes that depend on data,
// control flow. Every run is compared with the reference, before saving and after loading.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "builder/open_engine.h"
#include "builder/specialise.h"
#include "ir/parse.h"
#include "ops/builder.h"
#include "zoo/zoo.h"

namespace twofour::builder {
namespace {

using engine::DimRange;
using ::testing::HasSubstr;

TEST(OpenSizes, ANetworkTakesEveryShapeOfItsRange) {
  Both batches(zoo::make("resnet20"), {{"input", {{1, 4}, {3, 3}, {32, 32}, {32, 32}}}});
  for (const int64_t batch : {1, 3, 1, 4}) batches.run({noise({batch, 3, 32, 32})});
  Both sizes(parse_graph(R"(graph "convolutions" {
    input %input: f32[N,3,H,W]
    trainable %w: f32[8,3,3,3] = random(1)
    trainable %v: f32[8,8,1,1] = random(2)
    const %scales: f32[4] = [1, 1, 2, 2]
    %a = Conv(%input, %w) {pads=[1, 1, 1, 1]}
    %b = Relu(%a)
    %c = MaxPool(%b) {kernel_shape=[2, 2], strides=[2, 2]}
    %d = Resize(%c, _, %scales) {mode="linear"}
    %e = Conv(%d, %v)
    output %e
  })"),
             {{"input", {{1, 2}, {3, 3}, {16, 40}, {16, 40}}}});
  for (const Shape& shape : {Shape{1, 3, 16, 40}, Shape{2, 3, 17, 23}, Shape{1, 3, 16, 40}})
    sizes.run({noise(shape)});
}

TEST(OpenSizes, EnginesForTheSizesThatCome) {
  const Graph model = zoo::make("resnet20");
  Options options;
  options.ranges = {{"input", {{1, 4}, {3, 3}, {32, 32}, {32, 32}}}};
  options.shapes = {{"input", {2, 3, 32, 32}}};
  const Result built = build(model.clone(), device(), options);
  EXPECT_GE(built.report.layers.size(), 20U);
  const auto path = temporary_path("twofour_open");
  built.engine->save(path);
  Specialiser specialiser(engine::Engine::load(path, device()), device());
  std::filesystem::remove(path);
  for (const int64_t batch : {2, 3, 2, 4}) {
    const Tensor images = noise({batch, 3, 32, 32});
    const auto engine = specialiser.at({{"input", images.shape()}});
    EXPECT_EQ(specialiser.at({{"input", images.shape()}}), engine);
    for (const engine::PlanStep& step : engine->plan().steps) EXPECT_FALSE(step.is_open()) << step.name;
    const auto context = engine->create_context();
    context->bind("input", images);
    context->run();
    expect_same(context->tensor("logits"), ops::evaluate(model, std::vector{images})[0]);
  }
  // At the size where they were timed, layers run as they were.
  const auto engine = specialiser.at({{"input", {2, 3, 32, 32}}});
  std::map<std::string, std::string> winners;
  for (const LayerChoice& layer : built.report.layers) winners[layer.layer] = layer.winner;
  for (const engine::PlanStep& step : engine->plan().steps) {
    if (step.op == "Reorder") continue;
    EXPECT_EQ(step.tactic, winners[step.name]) << step.name;
  }
  EXPECT_THROW(specialiser.at({{"input", {5, 3, 32, 32}}}), Error);
  EXPECT_THROW(specialiser.at({}), Error);
  EXPECT_THROW(specialiser.at({{"other", {1}}}), Error);
}

TEST(OpenSizes, EnginesForSeveralSizesShareWhatWasPacked) {
  Options options;
  options.ranges = {{"input", {{1, 4}, {3, 3}, {32, 32}, {32, 32}}}};
  options.time_tactics = false;
  const Result built = build(zoo::make("resnet20"), device(), options);
  Specialiser specialiser(built.engine, device());
  const auto first = specialiser.at({{"input", {1, 3, 32, 32}}});
  const auto second = specialiser.at({{"input", {4, 3, 32, 32}}});
  const auto packed_by_step = [](const engine::Engine& engine) {
    std::map<std::string, const std::byte*> packed;
    for (const engine::PlanStep& step : engine.plan().steps)
      if (!step.packed.empty())
        packed[step.name] = engine.sections()[static_cast<size_t>(step.packed[0])].raw();
    return packed;
  };
  const auto packed = packed_by_step(*first);
  EXPECT_GE(packed.size(), 20U);
  EXPECT_EQ(packed, packed_by_step(*second));
}

TEST(OpenSizes, OneWeightReadInTwoWaysIsPackedTwice) {
  Graph model("tied");
  Value* x = model.add_input("x", {DType::kF32, {Dim::named("n"), 64}});
  Value* weight = model.add_constant("weight", noise({64, 64}, 5));
  Value* plain = ops::Builder(model).op("Gemm", {x, weight}, {}, "plain");
  Value* transposed = ops::Builder(model).op("Gemm", {plain, weight}, {{"transB", int64_t{1}}}, "transposed");
  model.set_outputs({transposed});
  Options options;
  options.ranges = {{"x", {{1, 4}, {64, 64}}}};
  options.time_tactics = false;
  Specialiser specialiser(build(model.clone(), device(), options).engine, device());
  const Tensor input = noise({1, 64});
  const auto context = specialiser.at({{"x", {1, 64}}})->create_context();
  context->bind("x", input);
  context->run();
  expect_same(context->tensor(transposed->name()), ops::evaluate(model, std::vector{input})[0]);
}

TEST(OpenSizes, ShapesOutsideTheRangeAreNamed) {
  Both net(zoo::make("lenet"), {{"input", {{1, 4}, {1, 1}, {28, 28}, {28, 28}}}});
  const auto expect_error = [](ErrorCode code, const std::string& text, const auto& fn) {
    try {
      fn();
      FAIL() << "no error; expected: " << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), code);
      EXPECT_THAT(error.what(), HasSubstr(text));
    }
  };
  engine::ExecutionContext& context = net.context();
  expect_error(ErrorCode::kFailedPrecondition, "input \"input\" is f32[1..4,1,28,28] and has no tensor",
               [&] { context.run(); });
  expect_error(ErrorCode::kFailedPrecondition, "run first", [&] { (void)context.tensor("logits"); });
  expect_error(ErrorCode::kInvalidArgument, "\"input\" is f32[1..4,1,28,28], got f32[5,1,28,28]", [&] {
    context.bind("input", noise({5, 1, 28, 28}));
  });
  expect_error(ErrorCode::kInvalidArgument, "known only after a run", [&] {
    context.bind("logits", noise({2, 10}));
  });
  net.run({noise({4, 1, 28, 28})});
}

TEST(OpenSizes, SizesThatDependOnData) {
  Both net(parse_graph(R"(graph "positive" {
    input %x: f32[4,6]
    const %zero: f32[] = [0]
    const %flat: i64[1] = [-1]
    const %w: f32[1,3] = [1, 2, 3]
    const %one: i64[1] = [1]
    %list = Reshape(%x, %flat)
    %mask = Greater(%list, %zero)
    %kept = Compress(%list, %mask) {axis=0}
    %column = Unsqueeze(%kept, %one)
    %product = MatMul(%column, %w)
    %where = NonZero(%x)
    %y = Relu(%x)
    output %product, %where, %y
  })"),
           {});
  for (const uint64_t seed : {1, 2, 3}) net.run({noise({4, 6}, seed)});
  Tensor nothing({DType::kF32}, {4, 6});
  net.run({nothing});  // no element is positive
}

TEST(OpenSizes, ShapesComputedFromInputs) {
  Both net(parse_graph(R"(graph "reshape" {
    input %x: f32[?,12]
    input %rows: i64[]
    const %axis: i64[1] = [0]
    const %rest: i64[1] = [-1]
    const %start: i64[1] = [1]
    const %end: i64[1] = [1000]
    %r = Unsqueeze(%rows, %axis)
    %shape = Concat(%r, %rest) {axis=0}
    %y = Reshape(%x, %shape)
    %z = Slice(%y, %start, %end, %axis)
    %t = Transpose(%z) {perm=[1, 0]}
    output %t
  })"),
           {{"x", {{1, 100}, {12, 12}}}});
  net.run({noise({2, 12}), number(3)});
  net.run({noise({2, 12}), number(4)});
  net.run({noise({5, 12}), number(1)});
}

constexpr const char* kLoop = R"(graph "loop" {
  input %n: i64[]
  input %x: f32[1,2,5,5]
  input %cond: bool[]
  trainable %w: f32[2,2,3,3] = random(5)
  const %half: f32[] = [0.5]
  %scaled = Mul(%x, %half)
  %last, %all = Loop(%n, _, %x, %scaled) {num_captures=1, body=graph "body" {
    input %i: i64[]
    input %go: bool[]
    input %state: f32[1,2,5,5]
    input %scaled: f32[1,2,5,5]
    const %w: f32[2,2,3,3] = random(6)
    %conv = Conv(%state, %w) {pads=[1, 1, 1, 1]}
    %next = Tanh(%conv)
    %sum = Add(%next, %scaled)
    output %go, %next, %sum
  }}
  %chosen = If(%cond, %last, %scaled) {else_branch=graph "no" {
    input %last: f32[1,2,5,5]
    input %scaled: f32[1,2,5,5]
    output %scaled
  }, then_branch=graph "yes" {
    input %last: f32[1,2,5,5]
    input %scaled: f32[1,2,5,5]
    %relu = Relu(%last)
    output %relu
  }}
  %y = Neg(%chosen)
  output %all, %y
})";

TEST(ControlFlow, LoopsAndBranches) {
  Graph graph = parse_graph(kLoop);
  ops::infer_all(graph);
  Both net(std::move(graph), {});
  const Tensor yes = Tensor::of<bool>({}, std::array{true});
  const Tensor no = Tensor::of<bool>({}, std::array{false});
  for (const int64_t trips : {3, 0, 5}) {
    net.run({number(trips), noise({1, 2, 5, 5}), yes});
    net.run({number(trips), noise({1, 2, 5, 5}, 7), no});
  }
}

TEST(ControlFlow, ScansBackwards) {
  Graph graph = parse_graph(R"(graph "scan" {
    input %start: f32[3]
    input %x: f32[3,?]
    %last, %sums = Scan(%start, %x) {num_scan_inputs=1, scan_input_axes=[1], scan_input_directions=[1],
      scan_output_axes=[1], body=graph "body" {
        input %sum: f32[3]
        input %slice: f32[3]
        %next = Add(%sum, %slice)
        %kept = Identity(%next)
        output %next, %kept
    }}
    output %last, %sums
  })");
  ops::infer_all(graph);
  Both net(std::move(graph), {{"x", {{3, 3}, {0, 50}}}});
  for (const int64_t length : {4, 1, 0, 9}) net.run({noise({3}), noise({3, length})});
}

TEST(ControlFlow, WeightsOfABodyAreKeptOnce) {
  Graph graph = parse_graph(R"(graph "twice" {
    input %cond: bool[]
    input %x: f32[1,64]
    const %w: f32[64,64] = random(1)
    %y = If(%cond, %x) {else_branch=graph "no" {
      input %x: f32[1,64]
      output %x
    }, then_branch=graph "yes" {
      input %x: f32[1,64]
      output %x
    }}
    output %y
  })");
  Value* w = graph.find_value("w");
  for (const char* name : {"then_branch", "else_branch"}) {
    Graph branch = graph.node_list()[0]->attrs().graph(name).clone();
    Node* node = branch.add_node("MatMul", {branch.inputs()[0], branch.add_constant("w", w->data())}, 1);
    branch.set_outputs({node->output()});
    graph.node_list()[0]->attrs().set(name, std::make_shared<const Graph>(std::move(branch)));
  }
  Options options;
  options.time_tactics = false;
  const backend::Backend& cpu = device();
  const Result result = build(std::move(graph), cpu, options);
  EXPECT_LT(result.report.weights_bytes, 2 * 64 * 64 * sizeof(float));
}

TEST(OpenSizes, OutputsMayBeInputs) {
  const auto graph = [](const char* size) {
    Graph parsed =
        parse_graph(fmt::format("graph \"both\" {{ input %x: f32[{}]\n %y = Neg(%x) output %y, %x }}", size));
    ops::infer_all(parsed);
    return parsed;
  };
  Both(graph("3"), {}).run({noise({3})});
  Both(graph("?"), {{"x", {{1, 8}}}}).run({noise({3})});
}

}  // namespace
}  // namespace twofour::builder
