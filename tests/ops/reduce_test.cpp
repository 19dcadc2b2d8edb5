// Reductions and cumulative operators: axes, emptiness, types, values far out.
#include <cmath>

#include "ops/helpers.h"

namespace twofour::ops {
namespace {

using testing::ElementsAre;

const std::vector<const char*> kReductions = {"ReduceSum",    "ReduceMean",      "ReduceMax", "ReduceMin",
                                              "ReduceProd",   "ReduceSumSquare", "ReduceL1",  "ReduceL2",
                                              "ReduceLogSum", "ReduceLogSumExp"};

TEST(Reduce, AxesComputedAtRunTime) {
  for (const char* op : kReductions)
    for (const int64_t keepdims : {0, 1}) {
      const Attrs attrs = {{"keepdims", keepdims}};
      Graph graph;
      Builder b(graph);
      Value* src = graph.add_input("src", {DType::kF32, {2, 3, 1}});
      Value* axes = graph.add_input("axes", {DType::kI64, {2}});
      Value* dst = b.op(op, {src, axes}, attrs);
      EXPECT_EQ(dst->type().to_string(), keepdims ? "f32[?,?,1]" : "f32[?]") << op;
      graph.set_outputs({dst});
      const Tensor data = floats({2, 3, 1}, {1, 2, 3, 4, 5, 6});
      const Tensor known = run(op, {data, ints({2}, {-1, 0})}, attrs);
      const Tensor late = evaluate(graph, std::vector<Tensor>{data, ints({2}, {-1, 0})})[0];
      EXPECT_EQ(late.shape(), known.shape()) << op;
      EXPECT_EQ(values(late), values(known)) << op;
    }
  Graph graph;
  Builder b(graph);
  Value* src = graph.add_input("src", {DType::kF32, {2, 3}});
  Value* axes = graph.add_input("axes", {DType::kI64, {Dim()}});
  EXPECT_EQ(b.op("ReduceSum", {src, axes})->rank(), 2U);
  EXPECT_FALSE(b.op("ReduceSum", {src, axes}, {{"keepdims", int64_t{0}}})->type().known);
}

TEST(Reduce, OfNothing) {
  const Tensor nothing = iota({0, 2});
  const auto first = [&](const char* op) { return values(run(op, {nothing, ints({1}, {0})})).at(1); };
  EXPECT_EQ(first("ReduceSum"), 0);
  EXPECT_EQ(first("ReduceProd"), 1);
  EXPECT_EQ(first("ReduceL2"), 0);
  EXPECT_EQ(first("ReduceMax"), -INFINITY);
  EXPECT_EQ(first("ReduceMin"), INFINITY);
  EXPECT_EQ(first("ReduceLogSum"), -INFINITY);
  EXPECT_EQ(first("ReduceLogSumExp"), -INFINITY);
  EXPECT_TRUE(std::isnan(first("ReduceMean")));
  EXPECT_EQ(run("ReduceMax", {ints({0}, {})}).span<int64_t>()[0], INT64_MIN);
  EXPECT_EQ(run("ReduceMin", {ints({0}, {})}).span<int64_t>()[0], INT64_MAX);
  expect_error(ErrorCode::kInvalidArgument, "no integer mean of nothing",
               [] { run("ReduceMean", {ints({0}, {})}); });
}

TEST(Reduce, NoAxesMayMeanNone) {
  const Tensor src = floats({2}, {3, -4});
  const Attrs none = {{"noop_with_empty_axes", int64_t{1}}};
  EXPECT_THAT(values(run("ReduceSumSquare", {src}, none)), ElementsAre(9, 16));
  EXPECT_THAT(values(run("ReduceL1", {src, ints({0}, {})}, none)), ElementsAre(3, 4));
  EXPECT_THAT(values(run("ReduceL1", {src, ints({0}, {})})), ElementsAre(7));
}

TEST(Reduce, LogSumExpStaysFinite) {
  const auto of = [](const std::vector<float>& v) {
    return values(run("ReduceLogSumExp", {floats({static_cast<int64_t>(v.size())}, v)}))[0];
  };
  EXPECT_FLOAT_EQ(of({1000, 1000}), 1000 + std::log(2.0F));
  EXPECT_FLOAT_EQ(of({-1000, -1001}), -1000 + std::log1p(std::exp(-1.0F)));
  EXPECT_EQ(of({-INFINITY, -INFINITY}), -INFINITY);
  EXPECT_EQ(of({-INFINITY, 3}), 3);
  EXPECT_EQ(of({INFINITY, 3}), INFINITY);
  EXPECT_TRUE(std::isnan(of({NAN, 3})));
}

TEST(Reduce, IntegersAndTruthValues) {
  const Tensor bytes = floats({3}, {200, 100, 3}).to(DType::kU8);
  EXPECT_EQ(run("ReduceSum", {bytes}).span<uint8_t>()[0], 303 % 256);
  EXPECT_EQ(run("ReduceMean", {bytes}).span<uint8_t>()[0], 101);
  EXPECT_EQ(run("ReduceMean", {ints({2}, {-3, -4})}).span<int64_t>()[0], -3);
  EXPECT_EQ(run("ReduceL1", {ints({2}, {-3, 4})}).span<int64_t>()[0], 7);
  const Tensor truths = floats({2, 2}, {1, 0, 0, 0}).to(DType::kBool);
  EXPECT_THAT(values(run("ReduceMax", {truths, ints({1}, {1})})), ElementsAre(1, 0));
  EXPECT_THAT(values(run("ReduceMin", {truths})), ElementsAre(0));
  EXPECT_TRUE(std::isnan(values(run("ReduceMax", {floats({3}, {1, NAN, 2})}))[0]));
  expect_error(ErrorCode::kUnsupported, "bool", [&] { run("ReduceSum", {truths}); });
}

TEST(Reduce, RootsAndLogarithmsOfIntegersAreCutOff) {
  const auto one = [](const char* op, const std::vector<int64_t>& of) {
    return run(op, {ints({static_cast<int64_t>(of.size())}, of)}).span<int64_t>()[0];
  };
  EXPECT_EQ(one("ReduceL2", {3, -4}), 5);
  EXPECT_EQ(one("ReduceL2", {1, 1, 1}), 1);
  EXPECT_EQ(one("ReduceLogSum", {20, 1}), 3);
  EXPECT_EQ(one("ReduceLogSum", {1, -1}), INT64_MIN);
  EXPECT_EQ(one("ReduceLogSum", {1, -2}), 0);
  EXPECT_EQ(one("ReduceLogSumExp", {1000, 1000, 1000}), 1001);
  EXPECT_EQ(one("ReduceLogSumExp", {-3, -9}), -2);
  EXPECT_EQ(one("ReduceLogSumExp", {}), INT64_MIN);
  const Tensor ends = ints({2}, {INT32_MIN, INT32_MIN}).to(DType::kI32);
  EXPECT_EQ(run("ReduceL2", {ends}).span<int32_t>()[0], INT32_MAX);
  const Tensor words = ints({3}, {100, 1, 7}).to(DType::kU32);
  EXPECT_EQ(run("ReduceLogSumExp", {words}).span<uint32_t>()[0], 100U);
  for (const char* op : {"ReduceL2", "ReduceLogSum", "ReduceLogSumExp"})
    expect_error(ErrorCode::kUnsupported, "integers of 32 and 64 bits",
                 [&] { run(op, {ints({1}, {1}).to(DType::kU8)}); });
}

TEST(Reduce, BadAxesAreRefused) {
  for (const char* op : kReductions) {
    expect_error(ErrorCode::kInvalidArgument, "axis 2 is outside", [&] {
      run(op, {iota({2, 2}), ints({1}, {2})});
    });
    expect_error(ErrorCode::kInvalidArgument, "named twice", [&] {
      run(op, {iota({2, 2}), ints({2}, {0, -2})});
    });
    expect_error(ErrorCode::kInvalidArgument, "a vector is expected", [&] {
      run(op, {iota({2, 2}), ints({1, 1}, {0})});
    });
    expect_error(ErrorCode::kInvalidArgument, "i32 or i64", [&] { run(op, {iota({2, 2}), iota({1})}); });
  }
}

TEST(Cumulative, EveryDirection) {
  const Tensor src = floats({4}, {1, 2, 3, 4});
  const auto sum = [&](int64_t exclusive, int64_t reverse) {
    return values(run("CumSum", {src, ints({}, {0})}, {{"exclusive", exclusive}, {"reverse", reverse}}));
  };
  EXPECT_THAT(sum(0, 0), ElementsAre(1, 3, 6, 10));
  EXPECT_THAT(sum(1, 0), ElementsAre(0, 1, 3, 6));
  EXPECT_THAT(sum(0, 1), ElementsAre(10, 9, 7, 4));
  EXPECT_THAT(sum(1, 1), ElementsAre(9, 7, 4, 0));
  EXPECT_THAT(values(run("CumProd", {src, ints({}, {-1})})), ElementsAre(1, 2, 6, 24));
  EXPECT_EQ(run("CumSum", {ints({2}, {INT64_MAX, 1}), ints({}, {0})}).span<int64_t>()[1], INT64_MIN);
  expect_error(ErrorCode::kInvalidArgument, "axis 1 is outside", [&] {
    run("CumSum", {src, ints({}, {1})});
  });
  expect_error(ErrorCode::kInvalidArgument, "one element", [&] { run("CumSum", {src, ints({2}, {0, 0})}); });
}

TEST(ArgMin, ChoosesAmongEqualMinima) {
  const Tensor src = floats({3}, {2, 1, 1});
  EXPECT_THAT(values(run("ArgMin", {src})), ElementsAre(1));
  EXPECT_THAT(values(run("ArgMin", {src}, {{"select_last_index", int64_t{1}}})), ElementsAre(2));
}

TEST(LpNormalization, ZerosStayZeros) {
  const Tensor src = floats({2, 2}, {3, -4, 0, 0});
  EXPECT_THAT(values(run("LpNormalization", {src})), ElementsAre(0.6F, -0.8F, 0, 0));
  EXPECT_THAT(values(run("LpNormalization", {src}, {{"p", int64_t{1}}})),
              ElementsAre(testing::FloatEq(3 / 7.0F), testing::FloatEq(-4 / 7.0F), 0, 0));
  expect_error(ErrorCode::kInvalidArgument, "p is 3", [&] {
    run("LpNormalization", {src}, {{"p", int64_t{3}}});
  });
}

TEST(Det, PivotsWhereItMust) {
  EXPECT_FLOAT_EQ(values(run("Det", {floats({2, 2}, {0, 2, 3, 4})}))[0], -6);
  EXPECT_FLOAT_EQ(values(run("Det", {floats({2, 2}, {1, 2, 2, 4})}))[0], 0);
  EXPECT_THAT(values(run("Det", {iota({3, 0, 0})})), ElementsAre(1, 1, 1));
  expect_error(ErrorCode::kInvalidArgument, "square matrices", [] { run("Det", {iota({2, 3})}); });
}

}  // namespace
}  // namespace twofour::ops
