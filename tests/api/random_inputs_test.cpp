// Every operator's examples build at the default level and run on the inputs that an engine makes up.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ops/builder.h"
#include "ops/example.h"
#include "twofour/engine.h"

namespace twofour {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

struct Case {
  const ops::OpDef* op;
  size_t example;
  bool open;  // what the example has as constants comes as inputs
};

/// TreeEnsemble's tables must make trees together, which no declaration for one input says; importers give
/// constants.
bool can_open(const ops::OpDef& op, const ops::Example& example) {
  return op.name != "TreeEnsemble" && std::ranges::any_of(example.inputs, &ops::ExampleInput::constant);
}

std::vector<Case> cases() {
  std::vector<Case> all;
  for (const ops::OpDef* op : ops::all_ops())
    for (size_t i = 0; i < op->examples.size(); ++i)
      for (const bool open : {false, true})
        if (!open || can_open(*op, op->examples[i])) all.push_back({op, i, open});
  return all;
}

void PrintTo(const Case& c, std::ostream* out) {
  *out << c.op->name << " example " << c.example << (c.open ? " open" : "");
}

ops::Example opened(ops::Example example) {
  for (ops::ExampleInput& input : example.inputs) input.constant = false;
  return example;
}

class Examples : public ::testing::TestWithParam<Case> {};

TEST_P(Examples, BuildAndRunOnRandomInputs) {
  const ops::Example& example = GetParam().op->examples[GetParam().example];
  const Model model(ops::example_graph(*GetParam().op, GetParam().open ? opened(example) : example, 1));
  const BuiltEngine built = build_engine(model, {.tuning = {.rounds = 1}});
  for (const LayerChoice& layer : built.report.layers)
    for (const TacticTime& c : layer.candidates) {
      EXPECT_THAT(c.declined, Not(HasSubstr("failed"))) << layer.op << " by " << c.tactic;
      EXPECT_THAT(c.note, Not(HasSubstr("failed"))) << layer.op << " by " << c.tactic;
    }
  for (const uint64_t seed : {1, 2, 3}) {
    Context context = built.engine.context();
    for (const auto& [name, tensor] : built.engine.random_inputs({}, seed)) context.bind(name, tensor);
    context.run();
  }
}

INSTANTIATE_TEST_SUITE_P(Ops, Examples, ::testing::ValuesIn(cases()), [](const auto& test) {
  return std::string(test.param.op->name) + "_" + std::to_string(test.param.example) +
         (test.param.open ? "_open" : "");
});

class RandomInputs : public ::testing::Test {
 protected:
  Engine engine(std::vector<Value*> outputs) {
    graph_.set_outputs(std::move(outputs));
    return build_engine(Model(graph_.clone()), {.tuning = {.level = 0}}).engine;
  }

  Graph graph_;
  ops::Builder build_{graph_};
};

TEST_F(RandomInputs, PassLayersThatOnlyMoveValues) {
  Value* ids = graph_.add_input("ids", {DType::kI32, {2, 64}});
  Value* table = graph_.add_input("table", {DType::kF32, {50, 3}});
  Value* column = build_.op("Transpose", {build_.op("Cast", {ids}, {{"to", std::string("i64")}})},
                            {{"perm", std::vector<int64_t>{1, 0}}});
  const Engine built = engine({build_.op("Gather", {table, column})});
  const Tensor values = built.random_inputs().at("ids");
  const auto [low, high] = std::ranges::minmax(values.span<int32_t>());
  EXPECT_GE(low, 0);
  EXPECT_LT(high, 50);
  EXPECT_GT(high, 30);
}

TEST_F(RandomInputs, PassLayersThatAddZeros) {
  Value* ids = graph_.add_input("ids", {DType::kI32, {8, 8}});
  Value* table = graph_.add_input("table", {DType::kF32, {50, 3}});
  const Engine built = engine({build_.op("Gather", {table, build_.op("Trilu", {build_.op("Relu", {ids})})})});
  const Tensor values = built.random_inputs().at("ids");
  const auto [low, high] = std::ranges::minmax(values.span<int32_t>());
  EXPECT_GE(low, 0);
  EXPECT_LT(high, 50);
  EXPECT_GT(high, 30);
}

TEST_F(RandomInputs, PassWhatAddsToAnIntegerOrLimitsIt) {
  Value* ids = graph_.add_input("ids", {DType::kI64, {100}});
  Value* table = graph_.add_input("table", {DType::kF32, {5, 3}});
  Value* moved = build_.sub(build_.add(build_.i64({7}), ids), build_.i64({10}));
  Value* high = graph_.add_input("high", {DType::kI64, {100}});
  Value* limited = build_.op("Min", {build_.op("Max", {high, build_.i64({2})}), build_.i64({9})});
  const Engine built = engine({build_.op("Gather", {table, moved}), build_.op("Gather", {table, limited})});
  const auto inputs = built.random_inputs();
  for (const int64_t v : inputs.at("ids").span<int64_t>()) EXPECT_TRUE(v >= 3 && v < 8) << v;
  for (const int64_t v : inputs.at("high").span<int64_t>()) EXPECT_TRUE(v >= 2 && v < 5) << v;
  Context context = built.context();
  for (const auto& [name, tensor] : inputs) context.bind(name, tensor);
  context.run();
}

/// A cache of 3 places that is lengthened to `total`, as vendor attention operators write it.
TEST_F(RandomInputs, SizesComeFromTheirPlaceInAShape) {
  Value* total = graph_.add_input("total", {DType::kI32, {}});
  Value* past = graph_.add_input("past", {DType::kF32, {2, 3, 4}});
  Value* wide = build_.cast(build_.reshape(total, {1}), DType::kI64);
  Value* missing = build_.sub(wide, build_.i64({3}));
  Value* shape = build_.op("Concat", {build_.i64({2}), missing, build_.i64({4})}, {{"axis", int64_t{0}}});
  Value* zeros = build_.op("ConstantOfShape", {shape});
  Value* cache = build_.op("Concat", {past, zeros}, {{"axis", int64_t{1}}});
  Value* seen = build_.op("Slice", {cache, build_.i64({0}), wide, build_.i64({1})});
  const Engine built = engine({seen});
  EXPECT_EQ(built.random_inputs().at("total").span<int32_t>()[0], 4);
}

TEST_F(RandomInputs, WhereASliceBeginsCountsMoreThanWhereItEnds) {
  Value* at = graph_.add_input("at", {DType::kI64, {1}});
  Value* x = graph_.add_input("x", {DType::kF32, {6}});
  Value* end = build_.add(at, build_.i64({2}));
  const Engine built = engine({build_.op("Slice", {x, at, end, build_.i64({0})})});
  EXPECT_EQ(built.random_inputs().at("at").span<int64_t>()[0], 0);
}

TEST_F(RandomInputs, SuitAllReaders) {
  Value* ids = graph_.add_input("ids", {DType::kI64, {100}});
  Value* large = graph_.add_input("large", {DType::kF32, {50, 3}});
  Value* small = graph_.add_input("small", {DType::kF32, {7, 3}});
  const Engine built = engine(
      {build_.op("Gather", {large, ids}), build_.op("Gather", {small, ids}), build_.op("Div", {ids, ids})});
  const Tensor values = built.random_inputs().at("ids");
  for (const int64_t v : values.span<int64_t>()) EXPECT_TRUE(v >= 1 && v < 7) << v;
}

TEST_F(RandomInputs, AreTheSameForTheSameSeed) {
  Value* x = graph_.add_input("x", {DType::kF32, {4}});
  const Engine built = engine({build_.op("Neg", {x})});
  const auto first = [&](uint64_t seed) { return built.random_inputs({}, seed).at("x").span<float>()[0]; };
  EXPECT_EQ(first(1), first(1));
  EXPECT_NE(first(1), first(2));
  EXPECT_GE(first(1), -1);
}

TEST_F(RandomInputs, ErrorsOfARunNameTheLayer) {
  Value* ids = graph_.add_input("ids", {DType::kI64, {1}});
  Value* table = graph_.add_input("table", {DType::kF32, {5, 3}});
  const Engine built = engine({build_.op("Gather", {table, ids}, {}, "lookup")});
  Context context = built.context();
  context.bind("ids", Tensor::i64({5}));
  try {
    context.run();
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "index 5 is outside [-5, 5); while running layer \"lookup\" (Gather)");
  }
}

}  // namespace
}  // namespace twofour
