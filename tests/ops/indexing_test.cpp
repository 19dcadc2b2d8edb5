// Ops that pick or place elements by index: values by hand, and what they refuse.
#include "ops/helpers.h"

namespace twofour::ops {
namespace {

TEST(GatherElements, ReadsAlongTheAxis) {
  const Tensor src = floats({2, 3}, {1, 2, 3, 4, 5, 6});
  EXPECT_EQ(values(run("GatherElements", {src, ints({1, 3}, {1, 0, -1})})), (std::vector<float>{4, 2, 6}));
  EXPECT_EQ(values(run("GatherElements", {src, ints({2, 1}, {2, -3})}, {{"axis", int64_t{1}}})),
            (std::vector<float>{3, 4}));
  expect_error(ErrorCode::kInvalidArgument, "index 2 is outside [-2, 2)", [&] {
    run("GatherElements", {src, ints({1, 1}, {2})});
  });
  expect_error(ErrorCode::kInvalidArgument, "do not lie inside src", [&] {
    run("GatherElements", {src, ints({1, 4}, {0, 0, 0, 0})});
  });
}

TEST(ScatterElements, ReducesInOrder) {
  const Tensor src = floats({4}, {1, 2, 3, 4});
  const Tensor indices = ints({3}, {1, 1, -1});
  const Tensor updates = floats({3}, {5, 7, 0});
  const auto scatter = [&](const std::string& reduction) {
    return values(run("ScatterElements", {src, indices, updates}, {{"reduction", reduction}}));
  };
  EXPECT_EQ(scatter("none"), (std::vector<float>{1, 7, 3, 0}));
  EXPECT_EQ(scatter("add"), (std::vector<float>{1, 14, 3, 4}));
  EXPECT_EQ(scatter("mul"), (std::vector<float>{1, 70, 3, 0}));
  EXPECT_EQ(scatter("max"), (std::vector<float>{1, 7, 3, 4}));
  EXPECT_EQ(scatter("min"), (std::vector<float>{1, 2, 3, 0}));
  expect_error(ErrorCode::kInvalidArgument, "reduction \"mean\" is not known", [&] { scatter("mean"); });
}

TEST(GatherNd, AddressesSlicesAfterTheBatch) {
  const Tensor src = iota({2, 2, 3});
  EXPECT_EQ(values(run("GatherND", {src, ints({2, 2}, {0, 1, -1, 0})})),
            (std::vector<float>{3, 4, 5, 6, 7, 8}));
  EXPECT_EQ(values(run("GatherND", {src, ints({2, 2}, {1, 2, 0, 0})}, {{"batch_dims", int64_t{1}}})),
            (std::vector<float>{5, 6}));
  expect_error(ErrorCode::kInvalidArgument, "an index of 4 numbers does not fit the 3 axes", [&] {
    run("GatherND", {src, ints({1, 4}, {0, 0, 0, 0})});
  });
  expect_error(ErrorCode::kInvalidArgument, "batch_dims is 2; it must be less", [&] {
    run("GatherND", {src, ints({2, 2}, {1, 2, 0, 0})}, {{"batch_dims", int64_t{2}}});
  });
}

TEST(ScatterNd, WritesSlices) {
  EXPECT_EQ(values(run("ScatterND", {iota({3, 2}), ints({2, 1}, {2, 2}), floats({2, 2}, {1, 2, 3, 4})},
                       {{"reduction", std::string("add")}})),
            (std::vector<float>{0, 1, 2, 3, 8, 11}));
  expect_error(ErrorCode::kInvalidArgument, "updates is f32[2]; f32[2,2] is expected", [&] {
    run("ScatterND", {iota({3, 2}), ints({2, 1}, {2, 2}), floats({2}, {1, 2})});
  });
}

TEST(TensorScatter, WrapsAroundOnlyWhenCircular) {
  const Tensor cache = floats({2, 3, 1}, {1, 2, 3, 4, 5, 6});
  const Tensor update = floats({2, 2, 1}, {7, 8, 9, 10});
  const Tensor at = ints({2}, {2, 0});
  EXPECT_EQ(values(run("TensorScatter", {cache, update, at}, {{"mode", std::string("circular")}})),
            (std::vector<float>{8, 2, 7, 9, 10, 6}));
  expect_error(ErrorCode::kInvalidArgument, "write index 2 with 2 entries leaves the cache of 3", [&] {
    run("TensorScatter", {cache, update, at});
  });
}

TEST(TopK, FirstOfEqualOnesAndNanFirst) {
  const auto best = run_n("TopK", {floats({5}, {1, 3, NAN, 3, 2}), ints({1}, {3})}, 2);
  EXPECT_EQ(values(best[1]), (std::vector<float>{2, 1, 3}));
  const auto least =
      run_n("TopK", {floats({5}, {1, 3, NAN, 3, 1}), ints({1}, {4})}, 2, {{"largest", int64_t{0}}});
  EXPECT_EQ(values(least[1]), (std::vector<float>{0, 4, 1, 3}));
  for (const int64_t k : {int64_t{-1}, int64_t{6}})
    expect_error(ErrorCode::kInvalidArgument, fmt::format("k is {}; axis 0", k), [&] {
      run("TopK", {iota({5}), ints({1}, {k})});
    });
}

TEST(Unique, InOrderOfAppearanceOrSorted) {
  const Tensor src = floats({6}, {2, 1, 1, 3, 4, 3});
  const auto sorted = run_n("Unique", {src}, 4);
  EXPECT_EQ(values(sorted[0]), (std::vector<float>{1, 2, 3, 4}));
  EXPECT_EQ(values(sorted[1]), (std::vector<float>{1, 0, 3, 4}));
  EXPECT_EQ(values(sorted[2]), (std::vector<float>{1, 0, 0, 2, 3, 2}));
  EXPECT_EQ(values(sorted[3]), (std::vector<float>{2, 1, 2, 1}));
  EXPECT_EQ(values(run("Unique", {src}, {{"sorted", int64_t{0}}})), (std::vector<float>{2, 1, 3, 4}));
  EXPECT_EQ(run("Unique", {floats({3, 2}, {0, 1, 2, 3, 0, 1})}, {{"axis", int64_t{0}}}).shape(),
            (Shape{2, 2}));
}

TEST(Compress, SizesComeFromTheData) {
  Graph graph;
  Builder b(graph);
  Value* src = graph.add_input("src", {DType::kF32, {Dim::named("N")}});
  Value* positive = graph.add_input("keep", {DType::kBool, {Dim::named("N")}});
  graph.set_outputs({b.op("Compress", {src, positive}), b.op("NonZero", {src})});
  EXPECT_FALSE(graph.outputs()[0]->dims()[0].known());
  const std::vector<Tensor> inputs = {floats({4}, {0, 7, 0, 9}), floats({4}, {1, 0, 0, 1}).to(DType::kBool)};
  const auto outputs = evaluate(graph, inputs);
  EXPECT_EQ(values(outputs[0]), (std::vector<float>{0, 9}));
  EXPECT_EQ(values(outputs[1]), (std::vector<float>{1, 3}));
  expect_error(ErrorCode::kInvalidArgument, "condition selects position 2, but there are 2", [] {
    run("Compress", {iota({2}), floats({3}, {0, 0, 1}).to(DType::kBool)});
  });
}

TEST(OneHot, NegativeDepthIsRefused) {
  expect_error(ErrorCode::kInvalidArgument, "depth is -1", [] {
    run("OneHot", {ints({1}, {0}), ints({}, {-1}), floats({2}, {0, 1})});
  });
}

TEST(NonMaxSuppression, CornersInAnyOrder) {
  const Tensor boxes = floats({1, 2, 4}, {0, 0, 1, 1, 1, 1, 0, 0.1F});
  const Tensor scores = floats({1, 1, 2}, {0.5F, 0.9F});
  const auto keep = [&](float iou) {
    return values(run("NonMaxSuppression", {boxes, scores, ints({1}, {9}), floats({1}, {iou})}));
  };
  EXPECT_EQ(keep(0.5F), (std::vector<float>{0, 0, 1}));
  EXPECT_EQ(keep(0.95F), (std::vector<float>{0, 0, 1, 0, 0, 0}));
  EXPECT_TRUE(values(run("NonMaxSuppression", {boxes, scores})).empty());
  expect_error(ErrorCode::kInvalidArgument, "boxes is f32[1,2,4]; f32[1,3,4] is expected", [&] {
    run("NonMaxSuppression", {boxes, floats({1, 1, 3}, {1, 2, 3})});
  });
}

}  // namespace
}  // namespace twofour::ops
