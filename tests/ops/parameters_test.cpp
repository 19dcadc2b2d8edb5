#include "ops/parameters.h"

#include <gmock/gmock.h>

#include "ir/parse.h"

namespace twofour::ops {
namespace {

using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

/// Names of the constants with that role.
std::vector<std::string> with_role(const Graph& graph, ConstantRole role,
                                   const std::set<const Value*>& literals = {}) {
  std::vector<std::string> names;
  for (const auto& [value, found] : constant_roles(graph, literals))
    if (found == role) names.push_back(value->name());
  return names;
}

TEST(Parameters, WhatScalesTheInputIsNone) {
  const Graph graph = parse_graph(R"(graph "net" {
    input %x: f32[2,3,4,4]
    const %scale: f32[1] = [0.5]
    const %mean: f32[1,3,1,1] = fill(0.5)
    const %std: f32[3,1,1] = fill(0.2)
    const %w: f32[2,3,1,1] = random(1)
    const %gain: f32[1,2,1,1] = random(2)
    const %shift: f32[2,1,1] = random(3)
    %s = Mul(%x, %scale)
    %c = Sub(%s, %mean)
    %d = Div(%c, %std)
    %y = Conv(%d, %w)
    %z = Mul(%y, %gain)
    %o = Add(%z, %shift)
    output %o
  })");
  EXPECT_THAT(with_role(graph, ConstantRole::kParameter), UnorderedElementsAre("w", "gain", "shift"));
  EXPECT_THAT(with_role(graph, ConstantRole::kScalesInput), UnorderedElementsAre("scale", "mean", "std"));
}

TEST(Parameters, OneElementIsEnoughAndAScalarOrALiteralIsNot) {
  const Graph graph = parse_graph(R"(graph "net" {
    input %x: f32[2,1,4,4]
    const %w: f32[1,1,1,1] = fill(2.0)
    const %slope: f32[1] = fill(0.25)
    const %learned: f32[1] = fill(0.5)
    const %written: f32[1] = fill(0.5)
    const %half: f32[] = fill(0.5)
    %a = Conv(%x, %w)
    %b = PRelu(%a, %slope)
    %c = Mul(%b, %learned)
    %d = Mul(%c, %written)
    %e = Mul(%d, %half)
    output %e
  })");
  const std::set<const Value*> literals = {graph.find_value("written")};
  EXPECT_THAT(with_role(graph, ConstantRole::kParameter, literals),
              UnorderedElementsAre("w", "slope", "learned"));
  EXPECT_THAT(with_role(graph, ConstantRole::kLiteral, literals), UnorderedElementsAre("written", "half"));
}

TEST(Parameters, AreFoundBehindWhatMovesAndRescalesThem) {
  const Graph graph = parse_graph(R"(graph "net" {
    input %x: f32[2,8]
    const %flat: f32[32] = random(1)
    const %shape: i64[2] = [8, 4]
    const %turned: f32[4,4] = random(2)
    const %direction: f32[4,4] = random(3)
    const %length: f32[4,1] = random(4)
    %w1 = Reshape(%flat, %shape)
    %w2 = Transpose(%turned)
    %norm = ReduceL2(%direction)
    %unit = Div(%direction, %norm)
    %w3 = Mul(%unit, %length)
    %a = MatMul(%x, %w1)
    %b = MatMul(%a, %w2)
    %y = MatMul(%b, %w3)
    output %y
  })");
  EXPECT_THAT(with_role(graph, ConstantRole::kParameter),
              UnorderedElementsAre("flat", "turned", "direction", "length"));
  EXPECT_THAT(with_role(graph, ConstantRole::kNotFloat), ElementsAre("shape"));
}

TEST(Parameters, StatisticsBoundsAndEpsilonsAreNone) {
  const Graph graph = parse_graph(R"(graph "net" {
    input %x: f32[2,4]
    const %w: f32[4,4] = random(1)
    const %one: f32[4] = fill(1.0)
    const %bias: f32[4] = random(2)
    const %mean: f32[4] = random(3)
    const %low: f32[] = fill(0.0)
    const %epsilon: f32[1] = fill(0.1)
    const %two: f32[1] = fill(2.0)
    const %spread: f32[4] = fill(2.0)
    %a = MatMul(%x, %w)
    %b = BatchNormalization(%a, %one, %bias, %mean, %one)
    %c = Clip(%b, %low)
    %d = Pow(%c, %two)
    %e = Add(%d, %epsilon)
    %f = Sqrt(%e)
    %g = Div(%f, %spread)
    output %g
  })");
  // A constant that is scale and variance at once counts as the scale; training splits the variance off.
  EXPECT_THAT(with_role(graph, ConstantRole::kParameter), UnorderedElementsAre("w", "one", "bias"));
  EXPECT_THAT(with_role(graph, ConstantRole::kState), UnorderedElementsAre("mean", "low"));
  EXPECT_THAT(with_role(graph, ConstantRole::kLiteral), ElementsAre("epsilon"));
  EXPECT_THAT(with_role(graph, ConstantRole::kOperand), UnorderedElementsAre("two", "spread"));
}

TEST(Parameters, SizesOfTheBatchExpandAndCutThem) {
  const Graph graph = parse_graph(R"(graph "net" {
    input %x: f32[N,3,4]
    const %w: f32[4,4] = random(1)
    const %token: f32[1,1,4] = random(2)
    const %places: f32[1,9,4] = random(3)
    const %first: i64[1] = [0]
    const %second: i64[1] = [1]
    const %one: i64[1] = [1]
    const %width: i64[1] = [4]
    const %unit: f32[1] = fill(1.0)
    %y = MatMul(%x, %w)
    %sizes = Shape(%x)
    %batch = Gather(%sizes, %first)
    %target = Concat(%batch, %one, %width) {axis=0}
    %tokens = Expand(%token, %target)
    %all = Concat(%tokens, %y) {axis=1}
    %grown = Shape(%all)
    %count = Gather(%grown, %second)
    %near = Slice(%places, %first, %count, %one)
    %sum = Add(%all, %near)
    %number = Cast(%count) {to="f32"}
    %share = Div(%unit, %number)
    %scaled = Mul(%sum, %share)
    output %scaled
  })");
  EXPECT_THAT(with_role(graph, ConstantRole::kParameter), UnorderedElementsAre("w", "token", "places"));
  EXPECT_THAT(with_role(graph, ConstantRole::kOperand), ElementsAre("unit"));
}

TEST(Parameters, WhatIsSubtractedIsABiasUnlessItCentresTheInputOrAWeight) {
  const Graph graph = parse_graph(R"(graph "net" {
    input %x: f32[2,4]
    const %mean: f32[4] = random(1)
    const %w: f32[4,4] = random(2)
    const %zero: f32[4] = random(3)
    const %centre: f32[4] = random(4)
    const %written: f32[1] = fill(0.5)
    const %top: f32[4] = random(5)
    %a = Sub(%x, %mean)
    %v = Sub(%w, %zero)
    %b = MatMul(%a, %v)
    %c = Sub(%b, %centre)
    %d = Sub(%c, %written)
    %y = Sub(%top, %d)
    output %y
  })");
  const std::set<const Value*> literals = {graph.find_value("written")};
  EXPECT_THAT(with_role(graph, ConstantRole::kParameter, literals),
              UnorderedElementsAre("w", "centre", "top"));
  EXPECT_THAT(with_role(graph, ConstantRole::kScalesInput, literals), ElementsAre("mean"));
  EXPECT_THAT(with_role(graph, ConstantRole::kOperand, literals), ElementsAre("zero"));
  EXPECT_THAT(with_role(graph, ConstantRole::kLiteral, literals), ElementsAre("written"));
}

// Every level reads the one before twice.
TEST(Parameters, ManyPathsAreFollowedOnce) {
  std::string text = "graph \"net\" {\n input %x: f32[1,2]\n const %w0: f32[2,2] = random(1)\n";
  for (int i = 1; i <= 200; ++i) text += fmt::format(" %w{0} = Add(%w{1}, %w{1})\n", i, i - 1);
  const Graph graph = parse_graph(text + " %y = MatMul(%x, %w200)\n output %y\n}");
  EXPECT_THAT(with_role(graph, ConstantRole::kParameter), ElementsAre("w0"));
}

TEST(Parameters, EmbeddingsAreAndTheirIndicesAreNot) {
  const Graph graph = parse_graph(R"(graph "net" {
    input %ids: i64[2,3]
    const %table: f32[9,4] = random(1)
    const %positions: f32[3,4] = random(2)
    const %token: f32[2,1,4] = random(3)
    %a = Gather(%table, %ids)
    %b = Add(%a, %positions)
    %c = Concat(%token, %b) {axis=1}
    output %c
  })");
  EXPECT_THAT(with_role(graph, ConstantRole::kParameter),
              UnorderedElementsAre("table", "positions", "token"));
}

}  // namespace
}  // namespace twofour::ops
