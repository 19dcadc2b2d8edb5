// Whole builds: the engine computes what the graph means, whatever was fused, reordered, packed or donated.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "backend/reference_tactic.h"
#include "base/cpu.h"
#include "base/rng.h"
#include "builder/builder.h"
#include "builder/tactics_file.h"
#include "ops/builder.h"
#include "ops/evaluate.h"
#include "sparsity/prune.h"
#include "support/cpu_device.h"
#include "support/temporary_path.h"
#include "zoo/zoo.h"

namespace twofour::builder {
namespace {

using ::testing::HasSubstr;

Tensor random_tensor(const Shape& shape) {
  Tensor tensor(DType::kF32, shape);
  Rng rng(3);
  for (float& v : tensor.span<float>()) v = rng.normal();
  return tensor;
}

Options shaped(const Shape& shape) {
  Options options;
  options.shapes = {{"input", shape}};
  return options;
}

// The largest difference of the engine's logits from the reference's, relative to the largest logit.
double difference(const Graph& model, const Result& result, const Shape& shape) {
  Graph bound = model.clone();
  bound.inputs()[0]->set_type({DType::kF32, to_dims(shape)});
  ops::infer_all(bound);
  const Tensor image = random_tensor(shape);
  const Tensor expected = ops::evaluate(bound, std::vector<Tensor>{image})[0];
  const auto context = result.engine->create_context();
  context->bind("input", image);
  context->run();
  double worst = 0;
  double largest = 0;
  for (size_t i = 0; i < expected.span<float>().size(); ++i) {
    const double wanted = expected.span<float>()[i];
    worst = std::max(worst, std::abs(context->tensor("logits").span<float>()[i] - wanted));
    largest = std::max(largest, std::abs(wanted));
  }
  return worst / largest;
}

struct Case {
  const char* network;
  bool pruned;
  bool timed;
};
class Build : public ::testing::TestWithParam<Case> {};

TEST_P(Build, EngineAgreesWithTheReference) {
  Graph model = zoo::make(GetParam().network);
  if (GetParam().pruned) sparsity::prune(model);
  const bool lenet = std::string_view(GetParam().network) == "lenet";
  const Shape shape = lenet ? Shape{3, 1, 28, 28} : Shape{2, 3, 32, 32};
  Options options = shaped(shape);
  options.time_tactics = GetParam().timed;
  const Result result = build(model.clone(), device(), options);
  EXPECT_LT(difference(model, result, shape), 1e-5);
  EXPECT_GE(result.report.arena_bytes, result.report.arena_lower_bound_bytes);
  EXPECT_LE(static_cast<double>(result.report.arena_bytes),
            1.2 * static_cast<double>(result.report.arena_lower_bound_bytes));
  const bool runs_sparse = !result.report.sparse_layers().empty();
  if (!GetParam().timed) {
    EXPECT_EQ(runs_sparse, GetParam().pruned && max_isa() >= Isa::kAvx2);
  }
}

INSTANTIATE_TEST_SUITE_P(Networks, Build,
                         ::testing::Values(Case{"lenet", false, true}, Case{"lenet", true, false},
                                           Case{"resnet20", false, false}, Case{"resnet20", true, false},
                                           Case{"resnet20", true, true}),
                         [](const auto& test) {
                           return std::string(test.param.network) + (test.param.pruned ? "Pruned" : "Dense") +
                                  (test.param.timed ? "Timed" : "Untimed");
                         });

TEST(BuildModes, DisabledSparsityRunsDenseAndSaysWhy) {
  Graph model = zoo::make("lenet");
  sparsity::prune(model);
  Options options = shaped({1, 1, 28, 28});
  options.sparsity = SparsityMode::kDisable;
  const Result result = build(std::move(model), device(), options);
  EXPECT_TRUE(result.report.sparse_layers().empty());
  bool said = false;
  for (const LayerChoice& layer : result.report.layers)
    said |= layer.verdict().find("sparsity is disabled") != std::string::npos;
  EXPECT_EQ(said, max_isa() >= Isa::kAvx2);
}

TEST(BuildModes, ForcePrunesFirst) {
  if (max_isa() < Isa::kAvx2) GTEST_SKIP() << "the 2:4 kernels need AVX2";
  Options options = shaped({1, 1, 28, 28});
  options.sparsity = SparsityMode::kForce;
  options.time_tactics = false;
  EXPECT_EQ(build(zoo::make("lenet"), device(), options).report.sparse_layers().size(), 3u);
}

TEST(BuildModes, ReplayGivesTheSamePlan) {
  const Graph model = zoo::make("lenet");
  Options options = shaped({2, 1, 28, 28});
  const Result first = build(model.clone(), device(), options);
  options.decisions = parse_tactics(tactics_text(first.report, device()), "first", device());
  options.strict_tactics = true;
  const Result second = build(model.clone(), device(), options);
  const auto steps = [](const Result& result) {
    std::vector<std::string> list;
    for (const auto& step : result.engine->plan().steps) list.push_back(step.name + " " + step.tactic);
    return list;
  };
  EXPECT_EQ(steps(first), steps(second));
}

// new = old + 1 lives in old's buffer; `late` still reads the old value.
TEST(Donation, IsSafeEvenWhenTheOldValueIsReadLater) {
  Graph graph("donation");
  Value* old = graph.add_input("old", {DType::kF32, {4}});
  ops::Builder b(graph);
  Value* next = b.op("Add", {old, b.scalar(1)}, {}, "next");
  Value* late = b.op("Mul", {old, b.scalar(10)}, {}, "late");
  graph.set_outputs({next, late});
  for (const bool reference : {false, true}) {
    const backend::ReferenceBackend plain;
    const backend::Backend& backend = reference ? static_cast<const backend::Backend&>(plain) : device();
    Options options;
    options.donations = {{"next", "old"}};
    options.optimise = false;
    const Result result = build(graph.clone(), backend, options);
    const auto context = result.engine->create_context();
    const Tensor state = Tensor::of<float>({4}, std::vector<float>{1, 2, 3, 4});
    context->bind("old", state);
    context->run();
    EXPECT_THAT(state.span<float>(), ::testing::ElementsAre(2, 3, 4, 5));
    EXPECT_THAT(context->tensor("late").span<float>(), ::testing::ElementsAre(10, 20, 30, 40));
  }
}

// The first output takes over the buffer of an input that is the second one as it is.
TEST(Donation, LeavesAnOutputThatIsTheInputAsItWas) {
  Graph graph("donation");
  Value* old = graph.add_input("old", {DType::kF32, {4}});
  ops::Builder b(graph);
  graph.set_outputs({b.op("Add", {old, b.scalar(1)}, {}, "next"), old});
  const Result result =
      build(std::move(graph), device(), {.donations = {{"next", "old"}}, .time_tactics = false});
  const auto context = result.engine->create_context();
  const Tensor state = Tensor::of<float>({4}, std::vector<float>{1, 2, 3, 4});
  context->bind("old", state);
  context->run();
  const engine::Plan& plan = result.engine->plan();
  const std::string& kept = plan.tensors[static_cast<size_t>(plan.outputs.at(1))].name;
  EXPECT_THAT(state.span<float>(), ::testing::ElementsAre(2, 3, 4, 5));
  EXPECT_THAT(context->tensor(kept).span<float>(), ::testing::ElementsAre(1, 2, 3, 4));
}

TEST(BuildErrors, NameInputAndShape) {
  const auto message = [](const Options& options) {
    try {
      build(zoo::make("lenet"), device(), options);
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("built");
  };
  EXPECT_THAT(message({}), HasSubstr("input \"input\" is f32[N,1,28,28]: give its shape"));
  EXPECT_THAT(message(shaped({1, 3, 28, 28})), HasSubstr("shape 1x3x28x28 does not fit it"));
  Options options;
  options.shapes = {{"image", {1, 1, 28, 28}}};
  EXPECT_THAT(message(options), HasSubstr("the model has no input \"image\"; it has: input"));
}

TEST(BuildErrors, AbsurdMemoryIsRefusedBeforeItIsTaken) {
  try {
    build(zoo::make("lenet"), device(), shaped({int64_t{1} << 28, 1, 28, 28}));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kResourceExhausted);
    EXPECT_THAT(error.what(), HasSubstr("GiB for the network's inputs and its outputs, the machine has"));
  }
}

TEST(Outputs, InputsConstantsAndTwinsAreCopied) {
  Graph graph("outputs");
  Value* x = graph.add_input("x", {DType::kF32, {2}});
  Value* c = graph.add_constant("c", Tensor::of<float>({2}, std::vector<float>{7, 8}));
  Value* y = ops::Builder(graph).op("Relu", {x}, {}, "y");
  graph.set_outputs({x, c, y, y});
  const Result result = build(std::move(graph), device(), {});
  const auto context = result.engine->create_context();
  context->bind("x", Tensor::of<float>({2}, std::vector<float>{-1, 5}));
  context->run();
  ASSERT_EQ(result.engine->plan().outputs.size(), 4u);
  EXPECT_THAT(context->tensor("y").span<float>(), ::testing::ElementsAre(0, 5));
  EXPECT_THAT(context->tensor("c").span<float>(), ::testing::ElementsAre(7, 8));
}

}  // namespace
}  // namespace twofour::builder
