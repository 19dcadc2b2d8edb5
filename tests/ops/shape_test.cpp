// Ops that move data or change shapes, against plain index arithmetic, and inference with symbols.
#include "base/rng.h"
#include "ops/helpers.h"
#include "ops/shape_value.h"

namespace twofour::ops {
namespace {

using testing::ElementsAre;
using Ints = std::vector<int64_t>;

// Every slice of an axis of 5 with all starts, ends and steps of interest, against numpy's definition by
// stepping.
TEST(Slice, AgreesWithSteppingThroughEveryCombination) {
  const Tensor src = iota({5});
  for (int64_t start = -7; start <= 7; ++start)
    for (int64_t end = -7; end <= 7; ++end)
      for (const int64_t step : {-3, -2, -1, 1, 2, 4}) {
        const int64_t low = step > 0 ? 0 : -1;
        const int64_t high = step > 0 ? 5 : 4;
        const auto place = [&](int64_t v) { return std::clamp<int64_t>(v < 0 ? v + 5 : v, low, high); };
        std::vector<float> expected;
        const int64_t first = step < 0 ? std::max<int64_t>(place(start), 0) : place(start);
        if (!(step < 0 && start < -5 && first == 0 && place(end) == 0))
          for (int64_t i = first; step > 0 ? i < place(end) : i > place(end); i += step)
            expected.push_back(static_cast<float>(i));
        EXPECT_EQ(values(run("Slice",
                             {src, ints({1}, {start}), ints({1}, {end}), ints({1}, {0}), ints({1}, {step})})),
                  expected)
            << start << ":" << end << ":" << step;
      }
}

TEST(Slice, ExtremePositionsAndStepsDoNotOverflow) {
  constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  const auto slice = [](int64_t start, int64_t end, int64_t step) {
    return values(
        run("Slice", {iota({4}), ints({1}, {start}), ints({1}, {end}), ints({1}, {-1}), ints({1}, {step})}));
  };
  EXPECT_THAT(slice(kMin, kMax, 1), ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(slice(kMax, kMin, -1), ElementsAre(3, 2, 1, 0));
  EXPECT_THAT(slice(kMax, kMin, kMin), ElementsAre(3));
  EXPECT_THAT(slice(0, kMax, kMax), ElementsAre(0));
}

TEST(Slice, BadArgumentsAreRefused) {
  const auto slice = [](Ints starts, Ints ends, Ints axes, Ints steps) {
    const auto list = [](const Ints& v) { return ints({static_cast<int64_t>(v.size())}, v); };
    return [=] { run("Slice", {iota({3, 4}), list(starts), list(ends), list(axes), list(steps)}); };
  };
  expect_error(ErrorCode::kInvalidArgument, "a step is 0", slice({0}, {1}, {0}, {0}));
  expect_error(ErrorCode::kInvalidArgument, "axis 2 is outside [-2, 2)", slice({0}, {1}, {2}, {1}));
  expect_error(ErrorCode::kInvalidArgument, "named twice", slice({0, 0}, {1, 1}, {1, -1}, {1, 1}));
  expect_error(ErrorCode::kInvalidArgument, "differ in length", slice({0}, {1, 1}, {0}, {1}));
  expect_error(ErrorCode::kInvalidArgument, "differ in length", slice({0, 0, 0}, {1, 1, 1}, {0}, {1}));
}

TEST(Reshape, ZeroCopiesAndMinusOneTakesTheRest) {
  const auto to = [](const Shape& from, Ints shape, bool allow_zero = false) {
    const auto rank = static_cast<int64_t>(shape.size());
    return run("Reshape", {iota(from), ints({rank}, shape)}, {{"allowzero", int64_t{allow_zero}}}).shape();
  };
  EXPECT_EQ(to({2, 3, 4}, {0, -1}), (Shape{2, 12}));
  EXPECT_EQ(to({2, 3, 4}, {-1, 0, 2}), (Shape{4, 3, 2}));
  EXPECT_EQ(to({0, 3}, {3, 0}, true), (Shape{3, 0}));
  EXPECT_EQ(to({1}, {}), Shape{});
  expect_error(ErrorCode::kInvalidArgument, "two sizes are -1", [&] { to({4}, {-1, -1}); });
  expect_error(ErrorCode::kInvalidArgument, "cannot view f32[4] as f32[3]", [&] { to({4}, {3}); });
  expect_error(ErrorCode::kInvalidArgument, "do not divide", [&] { to({4}, {3, -1}); });
  expect_error(ErrorCode::kInvalidArgument, "must not be negative", [&] { to({4}, {-2, -2}); });
  expect_error(ErrorCode::kInvalidArgument, "which has none", [&] { to({4}, {4, 0}); });
  expect_error(ErrorCode::kInvalidArgument, "another size is 0", [&] { to({0, 3}, {0, -1}, true); });
  expect_error(ErrorCode::kResourceExhausted, "63 bits", [&] {
    to({4}, {int64_t{1} << 40, int64_t{1} << 40});
  });
}

// `x.view(x.size(0), -1)` and the like, as exporters write them.
TEST(Reshape, SymbolsPassThroughShapeArithmetic) {
  Graph graph;
  Builder b(graph);
  Value* x = graph.add_input("x", {DType::kF32, {Dim::named("N"), 16, 5, 5}});
  Value* batch = b.op("Gather", {b.op("Shape", {x}), b.constant("zero", ints({}, {0}))});
  Value* column = b.op("Unsqueeze", {batch, b.i64({0})});
  Value* shape = b.op("Concat", {column, b.i64({-1})}, {{"axis", int64_t{0}}});
  EXPECT_EQ(b.op("Reshape", {x, shape})->type().to_string(), "f32[N,400]");
  EXPECT_EQ(b.op("Reshape", {x, b.i64({-1, 400})})->type().to_string(), "f32[N,400]");
  EXPECT_EQ(b.op("Reshape", {x, b.i64({-1, 200})})->type().to_string(), "f32[?,200]");
  EXPECT_EQ(b.op("Flatten", {x})->type().to_string(), "f32[N,400]");
  Value* spatial = b.op("Slice", {b.op("Shape", {x}), b.i64({2}), b.i64({100})});
  EXPECT_EQ(known_ints(spatial), (Ints{5, 5}));
  EXPECT_EQ(known_ints(b.mul(spatial, b.i64({2}))), (Ints{10, 10}));
  EXPECT_EQ(known_ints(shape), std::nullopt);
}

TEST(Reshape, SharedShapeExpressionsDoNotExplode) {
  Graph graph;
  Builder b(graph);
  Value* x = graph.add_input("x", {DType::kF32, {Dim::named("N")}});
  Value* empty = b.op("Shape", {x}, {{"start", int64_t{1}}});
  for (int i = 0; i < 200; ++i) empty = b.op("Concat", {empty, empty}, {{"axis", int64_t{0}}});
  EXPECT_EQ(empty->type().to_string(), "i64[0]");
  EXPECT_TRUE(shape_value(empty)->empty());
}

TEST(Transpose, FollowsThePermutation) {
  const Tensor src = iota({2, 3, 4});
  const Tensor dst = run("Transpose", {src}, {{"perm", Ints{2, 0, 1}}});
  ASSERT_EQ(dst.shape(), (Shape{4, 2, 3}));
  for (size_t i = 0; i < 4; ++i)
    for (size_t j = 0; j < 2; ++j)
      for (size_t k = 0; k < 3; ++k)
        EXPECT_EQ(values(dst)[(i * 2 + j) * 3 + k], values(src)[(j * 3 + k) * 4 + i]);
  for (const Ints& perm : {Ints{0, 1}, Ints{0, 1, 3}, Ints{0, 0, 1}})
    expect_error(ErrorCode::kInvalidArgument, "", [&] { run("Transpose", {src}, {{"perm", perm}}); });
}

TEST(Pad, ModesMatchNumpy) {
  const Tensor src = floats({4}, {1, 2, 3, 4});
  const auto pad = [&](const char* mode, int64_t begin, int64_t end) {
    return values(
        run("Pad", {src, ints({2}, {begin, end}), Tensor::scalar(9)}, {{"mode", std::string(mode)}}));
  };
  EXPECT_THAT(pad("constant", 1, 2), ElementsAre(9, 1, 2, 3, 4, 9, 9));
  EXPECT_THAT(pad("reflect", 3, 2), ElementsAre(4, 3, 2, 1, 2, 3, 4, 3, 2));
  EXPECT_THAT(pad("edge", 1, 2), ElementsAre(1, 1, 2, 3, 4, 4, 4));
  EXPECT_THAT(pad("constant", -1, 1), ElementsAre(2, 3, 4, 9));
  EXPECT_THAT(pad("constant", -3, -1), testing::IsEmpty());
  expect_error(ErrorCode::kInvalidArgument, "does not fit a size of 4", [&] { pad("constant", -3, -2); });
  EXPECT_THAT(pad("reflect", 0, 4), ElementsAre(1, 2, 3, 4, 3, 2, 1, 2));
  EXPECT_THAT(pad("wrap", 1, 2), ElementsAre(4, 1, 2, 3, 4, 1, 2));
  expect_error(ErrorCode::kInvalidArgument, "too large", [&] { pad("constant", int64_t{1} << 62, 0); });
  expect_error(ErrorCode::kInvalidArgument, "2 pads are given; 2 axes need 4", [] {
    run("Pad", {iota({2, 2}), ints({2}, {1, 1})});
  });
}

TEST(Pad, AxesMayComeAtRunTime) {
  Graph graph;
  Builder b(graph);
  Value* axes = graph.add_input("axes", {DType::kI64, {1}});
  graph.set_outputs({b.op("Pad", {b.constant("src", iota({1, 2})), b.i64({1, 0}), nullptr, axes})});
  EXPECT_FALSE(graph.outputs()[0]->type().is_static());
  EXPECT_EQ(values(evaluate(graph, std::vector<Tensor>{ints({1}, {-1})})[0]), (std::vector<float>{0, 0, 1}));
  EXPECT_EQ(evaluate(graph, std::vector<Tensor>{ints({1}, {0})})[0].shape(), (Shape{2, 2}));
  expect_error(ErrorCode::kInvalidArgument, "axis 2 is outside",
               [&] { evaluate(graph, std::vector<Tensor>{ints({1}, {2})}); });
}

TEST(Squeeze, AxesMayComeAtRunTime) {
  Graph graph;
  Builder b(graph);
  Value* axes = graph.add_input("axes", {DType::kI64, {1}});
  Value* src = b.constant("src", iota({1, 2, 1}));
  graph.set_outputs({b.op("Squeeze", {src, axes}), b.op("Unsqueeze", {src, axes})});
  const auto outputs = evaluate(graph, std::vector<Tensor>{ints({1}, {2})});
  EXPECT_EQ(outputs[0].shape(), (Shape{1, 2}));
  EXPECT_EQ(outputs[1].shape(), (Shape{1, 2, 1, 1}));
  expect_error(ErrorCode::kInvalidArgument, "axis 1 of",
               [&] { evaluate(graph, std::vector<Tensor>{ints({1}, {1})}); });
}

TEST(Split, TheLastOfEqualPartsMayBeSmaller) {
  const auto parts = run_n("Split", {iota({7})}, 3);
  EXPECT_EQ(parts[1].shape(), Shape{3});
  EXPECT_EQ(values(parts[2]), std::vector<float>{6});
  expect_error(ErrorCode::kInvalidArgument, "3 elements cannot be split into 5 parts",
               [] { run_n("Split", {iota({3})}, 5); });
}

TEST(Concat, SplitTakesItApartAgain) {
  Rng rng(7);
  for (size_t axis = 0; axis < 3; ++axis) {
    std::vector<Tensor> parts;
    Ints sizes;
    for (int i = 0; i < 3; ++i) {
      Shape shape = {2, 3, 4};
      shape[axis] = static_cast<int64_t>(rng.below(4));
      sizes.push_back(shape[axis]);
      parts.push_back(iota(shape));
    }
    const Tensor whole = run("Concat", parts, {{"axis", static_cast<int64_t>(axis)}});
    const auto again = run_n("Split", {whole, ints({3}, sizes)}, 3, {{"axis", static_cast<int64_t>(axis)}});
    for (size_t i = 0; i < 3; ++i) EXPECT_EQ(values(again[i]), values(parts[i]));
  }
  expect_error(ErrorCode::kInvalidArgument, "does not divide 4 elements into 2 parts", [] {
    run_n("Split", {iota({4}), ints({2}, {1, 2})}, 2);
  });
  expect_error(ErrorCode::kInvalidArgument, "does not fit 4", [] {
    run_n("Split", {iota({4}), ints({2}, {5, -1})}, 2);
  });
  const auto uneven = run_n("Split", {iota({4})}, 3);  // the last part takes what is left
  EXPECT_THAT(values(uneven[1]), ElementsAre(2, 3));
  EXPECT_THAT(values(uneven[2]), testing::IsEmpty());
  expect_error(ErrorCode::kInvalidArgument, "input 1 is f32[2,3]", [] {
    run("Concat", {iota({2, 2}), iota({2, 3})}, {{"axis", int64_t{0}}});
  });
}

TEST(Gather, RefusesIndicesOutside) {
  EXPECT_THAT(values(run("Gather", {iota({4}), ints({3}, {-4, 3, -1})})), ElementsAre(0, 3, 3));
  for (const int64_t index : {int64_t{4}, int64_t{-5}, std::numeric_limits<int64_t>::min()})
    expect_error(ErrorCode::kInvalidArgument, "is outside [-4, 4)", [&] {
      run("Gather", {iota({4}), ints({1}, {index})});
    });
}

TEST(Squeeze, AxesMustBeOnes) {
  EXPECT_EQ(run("Squeeze", {iota({1, 3, 1})}).shape(), (Shape{3}));
  EXPECT_EQ(run("Squeeze", {iota({1, 3, 1}), ints({1}, {-1})}).shape(), (Shape{1, 3}));
  expect_error(ErrorCode::kInvalidArgument, "axis 1 of f32[1,3,1] is not 1", [] {
    run("Squeeze", {iota({1, 3, 1}), ints({1}, {1})});
  });
  expect_error(ErrorCode::kInvalidArgument, "axis 3 is outside", [] {
    run("Unsqueeze", {iota({2}), ints({2}, {0, 3})});
  });
}

TEST(Evaluate, TakesOpenSizesFromTheInputsAndChecksThem) {
  Graph graph;
  Builder b(graph);
  Value* x = graph.add_input("x", {DType::kF32, {Dim::named("N"), 3}});
  graph.set_outputs({b.reduce_sum(x, {0}, false)});
  EXPECT_THAT(values(evaluate(graph, std::vector{iota({2, 3})})[0]), ElementsAre(3, 5, 7));
  expect_error(ErrorCode::kInvalidArgument, "x is f32[2,4]", [&] {
    evaluate(graph, std::vector{iota({2, 4})});
  });
  expect_error(ErrorCode::kInvalidArgument, "1 inputs, got 0", [&] { evaluate(graph, {}); });
  EXPECT_FALSE(all_inputs_constant(*graph.nodes().front()));
  EXPECT_TRUE(all_inputs_constant(*b.neg(b.scalar(1))->producer()));
}

}  // namespace
}  // namespace twofour::ops
