// Operators that make tensors from sizes, seeds and options.
#include <cmath>
#include <numeric>

#include "ops/helpers.h"

namespace twofour::ops {
namespace {

using testing::ElementsAre;
using testing::FloatNear;
using Ints = std::vector<int64_t>;

Tensor range(int64_t start, int64_t limit, int64_t delta) {
  return run("Range", {ints({}, {start}), ints({}, {limit}), ints({}, {delta})});
}

TEST(Range, CountsInBothDirections) {
  EXPECT_THAT(values(range(1, 8, 3)), ElementsAre(1, 4, 7));
  EXPECT_THAT(values(range(8, 1, -3)), ElementsAre(8, 5, 2));
  EXPECT_EQ(range(1, 8, -3).numel(), 0);
  EXPECT_EQ(range(INT64_MIN, INT64_MAX, INT64_MAX).span<int64_t>()[2], INT64_MAX - 1);
  EXPECT_THAT(values(run("Range", {Tensor::scalar(0), Tensor::scalar(1), Tensor::scalar(0.4F)})),
              ElementsAre(0, 0.4F, FloatNear(0.8F, 1e-7F)));
  EXPECT_EQ(run("Range", {Tensor::scalar(0).to(DType::kF16), Tensor::scalar(3).to(DType::kF16),
                          Tensor::scalar(1).to(DType::kF16)})
                .numel(),
            3);
}

TEST(Range, HostileBoundsAreRefused) {
  expect_error(ErrorCode::kInvalidArgument, "in steps of 0", [] { range(0, 5, 0); });
  expect_error(ErrorCode::kResourceExhausted, "too", [] { range(INT64_MIN, INT64_MAX, 1); });
  expect_error(ErrorCode::kResourceExhausted, "too large", [] { range(0, int64_t{1} << 60, 1); });
  for (const float bad : {NAN, INFINITY})
    expect_error(ErrorCode::kInvalidArgument, "there is no range", [&] {
      run("Range", {Tensor::scalar(0), Tensor::scalar(bad), Tensor::scalar(1)});
    });
  expect_error(ErrorCode::kResourceExhausted, "too many", [] {
    run("Range", {Tensor::scalar(0), Tensor::scalar(1e30F), Tensor::scalar(1e-30F)});
  });
}

TEST(Range, BoundsComputedAtRunTime) {
  Graph graph;
  Builder b(graph);
  Value* limit = graph.add_input("limit", {DType::kI64, {}});
  Value* dst = b.op("Range", {b.constant("a", ints({}, {0})), limit, b.constant("d", ints({}, {2}))});
  EXPECT_EQ(dst->type().to_string(), "i64[?]");
  graph.set_outputs({dst});
  EXPECT_THAT(values(evaluate(graph, std::vector<Tensor>{ints({}, {5})})[0]), ElementsAre(0, 2, 4));
}

TEST(EyeLike, DiagonalsOutsideAreEmpty) {
  for (const int64_t k : {INT64_MIN, int64_t{-2}, int64_t{3}, INT64_MAX})
    EXPECT_THAT(values(run("EyeLike", {iota({2, 3})}, {{"k", k}})), testing::Each(0)) << k;
  EXPECT_THAT(values(run("EyeLike", {iota({2, 3})}, {{"k", int64_t{2}}})), ElementsAre(0, 0, 1, 0, 0, 0));
  EXPECT_THAT(values(run("EyeLike", {iota({2, 3})}, {{"k", int64_t{-1}}})), ElementsAre(0, 0, 0, 1, 0, 0));
  expect_error(ErrorCode::kInvalidArgument, "a matrix is expected", [] { run("EyeLike", {iota({2})}); });
}

double mean_of(const std::vector<float>& v) {
  return std::accumulate(v.begin(), v.end(), 0.0) / static_cast<double>(v.size());
}

TEST(Random, SeedsDecide) {
  const auto draw = [](int64_t seed) {
    return values(run("RandomNormal", {}, {{"shape", Ints{5}}, {"seed", seed}}));
  };
  EXPECT_EQ(draw(1), draw(1));
  EXPECT_NE(draw(1), draw(2));
  const auto unseeded = [] { return values(run("RandomUniform", {}, {{"shape", Ints{5}}})); };
  EXPECT_NE(unseeded(), unseeded());
  expect_error(ErrorCode::kInvalidArgument, "\"shape\" is missing", [] {
    run("RandomUniform", {}, {{"seed", int64_t{1}}});
  });
  expect_error(ErrorCode::kInvalidArgument, "must not be negative", [] {
    run("RandomUniform", {}, {{"shape", Ints{-5}}, {"seed", int64_t{1}}});
  });
  expect_error(ErrorCode::kInvalidArgument, "floating point is expected", [] {
    run("RandomUniformLike", {ints({1}, {1})}, {{"seed", int64_t{1}}});
  });
}

TEST(Random, HasTheMomentsAskedFor) {
  const Ints shape = {10000};
  const Attrs seeded = {{"shape", shape}, {"seed", int64_t{3}}};
  Attrs attrs = seeded;
  attrs.set("low", 2.0F);
  attrs.set("high", 4.0F);
  const auto uniform = values(run("RandomUniform", {}, attrs));
  EXPECT_NEAR(mean_of(uniform), 3, 0.03);
  EXPECT_TRUE(std::ranges::all_of(uniform, [](float v) { return v >= 2 && v < 4; }));
  attrs = seeded;
  attrs.set("mean", -1.0F);
  attrs.set("scale", 3.0F);
  auto normal = values(run("RandomNormal", {}, attrs));
  EXPECT_NEAR(mean_of(normal), -1, 0.1);
  for (float& v : normal) v = (v + 1) * (v + 1);
  EXPECT_NEAR(mean_of(normal), 9, 0.5);
  const Tensor chance = run("ConstantOfShape", {ints({1}, shape)}, {{"value", Tensor::scalar(0.3F)}});
  EXPECT_NEAR(mean_of(values(run("Bernoulli", {chance}, {{"seed", int64_t{3}}}))), 0.3, 0.02);
}

TEST(SignalWindows, EndsAndMiddle) {
  const Attrs symmetric = {{"periodic", int64_t{0}}};
  EXPECT_THAT(values(run("HannWindow", {ints({}, {5})}, symmetric)),
              ElementsAre(0, FloatNear(0.5F, 1e-6F), 1, FloatNear(0.5F, 1e-6F), FloatNear(0, 1e-6F)));
  EXPECT_FLOAT_EQ(values(run("HammingWindow", {ints({}, {4})}))[0], 4.0F / 46);
  EXPECT_NEAR(values(run("BlackmanWindow", {ints({}, {4})}))[2], 1, 1e-6);
  EXPECT_EQ(run("HannWindow", {ints({}, {0})}).numel(), 0);
  EXPECT_EQ(values(run("HannWindow", {ints({}, {1})}, symmetric))[0], 0);
  expect_error(ErrorCode::kInvalidArgument, "the size -1", [] { run("HannWindow", {ints({}, {-1})}); });
}

TEST(MelWeightMatrix, EdgesOutsideAreRefused) {
  const auto mel = [](int64_t bins, int64_t length, int64_t rate, float low, float high) {
    return run("MelWeightMatrix", {ints({}, {bins}), ints({}, {length}), ints({}, {rate}),
                                   Tensor::scalar(low), Tensor::scalar(high)});
  };
  EXPECT_EQ(mel(3, 16, 100, 0, 50).shape(), Shape({9, 3}));
  for (const auto& [low, high] : {std::pair{0.0F, 100.0F}, {40.0F, 10.0F}, {-90.0F, 40.0F}, {0.0F, NAN}})
    expect_error(ErrorCode::kInvalidArgument, "do not lie, in this order",
                 [&] { mel(3, 16, 100, low, high); });
  expect_error(ErrorCode::kInvalidArgument, "sample_rate is 0", [&] { mel(3, 16, 0, 0, 50); });
  expect_error(ErrorCode::kInvalidArgument, "num_mel_bins or dft_length is 0",
               [&] { mel(0, 16, 100, 0, 50); });
}

}  // namespace
}  // namespace twofour::ops
