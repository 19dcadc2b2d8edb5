// Sizes with a name: equal wherever inputs share it, at build, in a run, and in an engine that is loaded. And
// ranges with an end that cannot run.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/errors.h"
#include "builder/specialise.h"
#include "ir/parse.h"
#include "support/cpu_device.h"
#include "support/temporary_path.h"

namespace twofour::builder {
namespace {

// The inputs do not meet in a node: only their names say that N is one number.
Graph two_inputs() {
  return parse_graph(R"(graph "two" {
    input %a: f32[N,2]
    input %b: f32[N,3]
    %x = Relu(%a)
    %y = Relu(%b)
    output %x, %y
  })");
}

Options untimed() {
  Options options;
  options.time_tactics = false;
  return options;
}

TEST(Symbols, ShapesOfABuildAgree) {
  Options options = untimed();
  options.shapes = {{"a", {4, 2}}, {"b", {4, 3}}};
  EXPECT_NO_THROW(build(two_inputs(), device(), options));
  options.shapes["b"] = {5, 3};
  EXPECT_ERROR(build(two_inputs(), device(), options), kInvalidArgument,
               "N is 4 in input \"a\" and 5 in input \"b\"");
}

TEST(Symbols, RangesAgree) {
  Options options = untimed();
  options.ranges = {{"a", {{1, 4}, {2, 2}}}, {"b", {{1, 5}, {3, 3}}}};
  EXPECT_ERROR(build(two_inputs(), device(), options), kInvalidArgument,
               "N is 4 in input \"a\" and 5 in input \"b\"");
}

TEST(Symbols, RunsOfAnOpenEngineAgree) {
  Options options = untimed();
  options.ranges = {{"a", {{1, 4}, {2, 2}}}, {"b", {{1, 4}, {3, 3}}}};
  const Result result = build(two_inputs(), device(), options);
  const auto path = temporary_path("twofour_symbols");
  result.engine->save(path);
  for (const auto& engine : {result.engine, engine::Engine::load(path, device())}) {
    const auto context = engine->create_context();
    context->bind("a", Tensor(DType::kF32, {4, 2}));
    context->bind("b", Tensor(DType::kF32, {4, 3}));
    EXPECT_NO_THROW(context->run());
    context->bind("b", Tensor(DType::kF32, {3, 3}));
    EXPECT_ERROR(context->run(), kInvalidArgument, "N is 4 in input \"a\" and 3 in input \"b\"");
    Specialiser specialiser(engine, device());
    EXPECT_NO_THROW(specialiser.at({{"a", {2, 2}}, {"b", {2, 3}}}));
    EXPECT_ERROR(specialiser.at({{"a", {2, 2}}, {"b", {1, 3}}}), kInvalidArgument,
                 "N is 2 in input \"a\" and 1 in input \"b\"");
  }
  std::filesystem::remove(path);
}

TEST(Ranges, AnEndThatCannotRunIsRefused) {
  const Graph graph = parse_graph(R"(graph "kernel" {
    input %x: f32[N,3,H,32]
    trainable %w: f32[8,3,5,5] = random(1)
    %y = Conv(%x, %w)
    output %y
  })");
  Options options = untimed();
  options.ranges = {{"x", {{1, 4}, {3, 3}, {8, 32}, {32, 32}}}};
  EXPECT_NO_THROW(build(graph.clone(), device(), options));
  options.ranges["x"][2].min = 4;
  EXPECT_ERROR(build(graph.clone(), device(), options), kInvalidArgument,
               "at the smallest sizes, x 1x3x4x32");
  EXPECT_ERROR(build(graph.clone(), device(), options), kInvalidArgument, "Conv");
}

}  // namespace
}  // namespace twofour::builder
