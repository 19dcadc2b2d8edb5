// The ops of the training step. Expected numbers marked so were computed with PyTorch 2.
#include <cmath>
#include <limits>

#include "ops/helpers.h"

namespace twofour::ops {
namespace {

using testing::ElementsAre;
using testing::FloatNear;
using testing::Pointwise;

TEST(SoftmaxCrossEntropyLoss, MatchesTheDefinition) {
  const Tensor scores = floats({2, 3}, {1, 2, 3, 0.5F, -1, 0});
  const Tensor labels = ints({2}, {2, 0});
  const double first = -std::log(std::exp(3.0) / (std::exp(1.0) + std::exp(2.0) + std::exp(3.0)));
  const double second = -std::log(std::exp(0.5) / (std::exp(0.5) + std::exp(-1.0) + 1));
  const auto loss = [&](const char* reduction) {
    return run("SoftmaxCrossEntropyLoss", {scores, labels}, {{"reduction", std::string(reduction)}});
  };
  EXPECT_NEAR(values(loss("sum"))[0], first + second, 1e-6);
  EXPECT_NEAR(values(loss("mean"))[0], (first + second) / 2, 1e-6);
  EXPECT_NEAR(values(loss("none"))[1], second, 1e-6);
  const auto both = run_n("SoftmaxCrossEntropyLoss", {scores, labels}, 2);
  EXPECT_EQ(values(both[1]), values(run("LogSoftmax", {scores})));
}

TEST(SoftmaxCrossEntropyLoss, IgnoredRowsCountForNothing) {
  const Attrs attrs = {{"ignore_index", int64_t{-100}}};
  const Tensor one = run("SoftmaxCrossEntropyLoss", {floats({1, 2}, {3, 1}), ints({1}, {1})});
  const Tensor with =
      run("SoftmaxCrossEntropyLoss", {floats({2, 2}, {3, 1, 9, 9}), ints({2}, {1, -100})}, attrs);
  EXPECT_EQ(values(one), values(with));
  EXPECT_THAT(values(run("SoftmaxCrossEntropyGrad",
                         {Tensor::scalar(1), floats({2, 2}, {3, 1, 9, 9}), ints({2}, {-100, -100})}, attrs)),
              testing::Each(0));
}

TEST(SoftmaxCrossEntropyLoss, BadLabelsAreRefused) {
  for (const int64_t label : {-1, 2})
    expect_error(ErrorCode::kInvalidArgument, "is outside [0, 2)", [&] {
      run("SoftmaxCrossEntropyLoss", {iota({1, 2}), ints({1}, {label})});
    });
  expect_error(ErrorCode::kInvalidArgument, "labels is i64[2]; i64[1]", [] {
    run("SoftmaxCrossEntropyLoss", {iota({1, 2}), ints({2}, {0, 0})});
  });
  expect_error(ErrorCode::kInvalidArgument, "label_smoothing is 1.5", [] {
    run("SoftmaxCrossEntropyLoss", {iota({1, 2}), ints({1}, {0})}, {{"label_smoothing", 1.5F}});
  });
}

/// [N,C,d] as [N*d,C].
Tensor as_rows(const Tensor& t) {
  const int64_t classes = t.shape()[1];
  return run("Reshape",
             {run("Transpose", {t}, {{"perm", std::vector<int64_t>{0, 2, 1}}}), ints({2}, {-1, classes})});
}

TEST(ClassLosses, MoreAxesAreMoreRows) {
  Tensor scores = iota({2, 3, 4});
  for (float& v : scores.span<float>()) v = std::sin(v);
  const Tensor labels = ints({2, 4}, {0, 2, 1, 1, 2, 0, 0, 1});
  const Tensor weights = floats({3}, {0.5F, 2, 1});
  for (const char* op : {"SoftmaxCrossEntropyLoss", "NegativeLogLikelihoodLoss"})
    for (const char* reduction : {"mean", "sum", "none"}) {
      const Attrs attrs = {{"reduction", std::string(reduction)}, {"ignore_index", int64_t{1}}};
      const Tensor rows = run(op, {as_rows(scores), labels.reshaped({8}), weights}, attrs);
      EXPECT_THAT(values(run(op, {scores, labels, weights}, attrs)),
                  Pointwise(FloatNear(1e-6F), values(rows)))
          << op << " " << reduction;
    }
}

TEST(ClassLosses, WeightsCountInTheMean) {
  const Tensor log_prob = floats({3, 2}, {-1, -2, -3, -4, -5, -6});
  const Tensor labels = ints({3}, {0, 1, 1});
  const Tensor weights = floats({2}, {1, 3});
  const auto loss = [&](Attrs attrs) {
    return values(run("NegativeLogLikelihoodLoss", {log_prob, labels, weights}, std::move(attrs)));
  };
  EXPECT_THAT(loss({{"reduction", std::string("none")}}), ElementsAre(1, 12, 18));
  EXPECT_THAT(loss({}), ElementsAre(FloatNear(31.0F / 7, 1e-6F)));
  EXPECT_THAT(loss({{"ignore_index", int64_t{0}}}), ElementsAre(FloatNear(30.0F / 6, 1e-6F)));
  const Tensor softmax = run("SoftmaxCrossEntropyLoss", {log_prob, labels, weights});
  const Tensor nll = run("NegativeLogLikelihoodLoss", {run("LogSoftmax", {log_prob}), labels, weights});
  EXPECT_FLOAT_EQ(values(softmax)[0], values(nll)[0]);
  expect_error(ErrorCode::kInvalidArgument, "weights is f32[3]; f32[2] is expected", [&] {
    run("NegativeLogLikelihoodLoss", {log_prob, labels, iota({3})});
  });
  expect_error(ErrorCode::kInvalidArgument, "reduction \"max\"", [&] {
    loss({{"reduction", std::string("max")}});
  });
}

TEST(BatchNormTrain, NormalisesAndMovesTheStatistics) {
  const Tensor src = floats({2, 1, 1, 2}, {1, 3, 5, 7});
  const auto out =
      run_n("BatchNormTrain", {src, floats({1}, {2}), floats({1}, {1}), floats({1}, {10}), floats({1}, {20})},
            5, {{"momentum", 0.75F}, {"epsilon", 0.0F}});
  const float step = 2 / std::sqrt(5.0F);  // mean 4, population variance 5
  EXPECT_THAT(values(out[0]), Pointwise(FloatNear(1e-6F), {1 - 3 * step, 1 - step, 1 + step, 1 + 3 * step}));
  EXPECT_THAT(values(out[1]), ElementsAre(8.5F));
  EXPECT_THAT(values(out[2]), ElementsAre(16.25F));
  EXPECT_THAT(values(out[3]), ElementsAre(4));
  EXPECT_THAT(values(out[4]), ElementsAre(FloatNear(1 / std::sqrt(5.0F), 1e-7F)));
  expect_error(ErrorCode::kInvalidArgument, "needs input dst", [&] {
    run_n("BatchNormTrainGrad", {src, src, floats({1}, {1}), floats({1}, {0}), floats({1}, {1})}, 3,
          {{"relu", int64_t{1}}});
  });
}

TEST(BatchNormTrain, KeepsStatisticsInF32) {
  const Tensor half = floats({2, 1}, {1, 3}).to(DType::kF16);
  const Tensor one = floats({1}, {1});
  EXPECT_EQ(run_n("BatchNormTrain", {half, one, one, one, one}, 5)[0].dtype(), DType::kF16);
  expect_error(ErrorCode::kInvalidArgument, "running_mean is f16[1]; it must be of type f32", [&] {
    run_n("BatchNormTrain", {half, one, one, one.to(DType::kF16), one}, 5);
  });
}

// 1 and its neighbour, which f32 cannot tell apart.
TEST(BatchNormTrain, ComputesF64InF64) {
  const double step = 0x1p-40;
  const Tensor src = Tensor::of<double>({2, 1}, std::vector{1.0, 1.0 + 2 * step});
  const Tensor one = floats({1}, {1}).to(DType::kF64), zero = floats({1}, {0}).to(DType::kF64);
  const auto out =
      run_n("BatchNormTrain", {src, one, zero, zero, zero}, 5, {{"momentum", 0.0F}, {"epsilon", 0.0F}});
  EXPECT_EQ(out[0].span<double>()[0], -1);
  EXPECT_EQ(out[0].span<double>()[1], 1);
  EXPECT_EQ(out[1].span<double>()[0], 1 + step);
  EXPECT_EQ(out[2].span<double>()[0], step * step);
  const Tensor grad = Tensor::of<double>({2, 1}, std::vector{1.0, 1.0 + 2 * step});
  const auto back = run_n("BatchNormTrainGrad", {grad, src, one, out[3], out[4]}, 3);
  EXPECT_EQ(back[1].span<double>()[0], 2 * step);
  EXPECT_EQ(back[2].span<double>()[0], 2 + 2 * step);
  expect_error(ErrorCode::kInvalidArgument, "scale is f32[1]; it must be of type f64", [&] {
    run_n("BatchNormTrain", {src, floats({1}, {1}), zero, zero, zero}, 5);
  });
}

TEST(GradUnscale, FindsEveryKindOfOverflow) {
  for (const float bad : {INFINITY, -INFINITY, NAN})
    EXPECT_THAT(values(run_n("GradUnscale", {floats({3}, {1, bad, 2}), Tensor::scalar(4)}, 2)[1]),
                ElementsAre(1));
  const auto fine = run_n("GradUnscale", {floats({2}, {8, -4}), Tensor::scalar(4)}, 2);
  EXPECT_THAT(values(fine[0]), ElementsAre(2, -1));
  EXPECT_THAT(values(fine[1]), ElementsAre(0));
  expect_error(ErrorCode::kInvalidArgument, "grad is f16[2]; it must be of type f32", [] {
    run_n("GradUnscale", {iota({2}).to(DType::kF16), Tensor::scalar(1)}, 2);
  });
  expect_error(ErrorCode::kInvalidArgument, "one element", [] {
    run_n("GradUnscale", {iota({2}), iota({2})}, 2);
  });
}

TEST(ClipFactor, ScalesDownOnly) {
  const auto factor = [](float squared, float most) {
    return values(run("ClipFactor", {Tensor::scalar(squared)}, {{"max_norm", most}}))[0];
  };
  EXPECT_NEAR(factor(25, 1), 0.2, 1e-6);
  EXPECT_EQ(factor(0.25F, 1), 1);
  EXPECT_EQ(factor(0, 1), 1);
  expect_error(ErrorCode::kInvalidArgument, "max_norm", [&] { factor(1, 0); });
}

// torch.optim.SGD(lr=0.1, momentum=0.9, weight_decay=0.01) on p = [1, -2] with gradients [0.5, 1], then
// [-0.25, 2].
TEST(SgdUpdate, MatchesPyTorchOverTwoSteps) {
  struct Expected {
    int64_t nesterov;
    std::vector<float> first, second;
  };
  for (const Expected& e : {Expected{0, {0.949F, -2.098F}, {0.9271510F, -2.3841021F}},
                            Expected{1, {0.9031F, -2.1862F}, {0.9075741F, -2.6414261F}}}) {
    const Attrs attrs = {{"momentum", 0.9F}, {"weight_decay", 0.01F}, {"nesterov", e.nesterov}};
    const Tensor rate = Tensor::scalar(0.1F);
    const auto one = run_n(
        "SgdUpdate", {floats({2}, {1, -2}), floats({2}, {0.5F, 1}), floats({2}, {0, 0}), rate}, 2, attrs);
    EXPECT_THAT(values(one[0]), Pointwise(FloatNear(1e-6F), e.first));
    const auto two = run_n("SgdUpdate", {one[0], floats({2}, {-0.25F, 2}), one[1], rate}, 2, attrs);
    EXPECT_THAT(values(two[0]), Pointwise(FloatNear(1e-6F), e.second));
  }
}

TEST(SgdUpdate, MaskedWeightsStayZeroAndOverflowChangesNothing) {
  const Tensor param = floats({3}, {1, 2, 3});
  const Tensor grad = floats({3}, {1, 1, 1});
  const Tensor buffer = floats({3}, {5, 6, 7});
  const Tensor mask = floats({3}, {1, 0, 1}).to(DType::kBool);
  const Attrs attrs = {{"momentum", 0.5F}, {"weight_decay", 0.1F}};
  const auto masked = run_n("SgdUpdate", {param, grad, buffer, Tensor::scalar(1), mask}, 2, attrs);
  EXPECT_EQ(values(masked[0])[1], 0);
  EXPECT_EQ(values(masked[1])[1], 0);
  EXPECT_THAT(values(masked[1])[0], FloatNear(3.6F, 1e-6F));
  const auto clipped = run_n(
      "SgdUpdate",
      {param, grad, buffer, Tensor::scalar(1), Tensor(), Tensor::scalar(0), Tensor::scalar(0.5F)}, 2, attrs);
  EXPECT_THAT(values(clipped[1])[0], FloatNear(3.1F, 1e-6F));
  const Tensor bad = floats({3}, {NAN, INFINITY, 1});
  const auto skipped =
      run_n("SgdUpdate", {param, bad, buffer, Tensor::scalar(1), mask, Tensor::scalar(1)}, 2, attrs);
  EXPECT_EQ(values(skipped[0]), values(param));
  EXPECT_EQ(values(skipped[1]), values(buffer));
  expect_error(ErrorCode::kInvalidArgument, "grad is f32[2]; f32[3]", [&] {
    run_n("SgdUpdate", {param, iota({2}), buffer, Tensor::scalar(1)}, 2);
  });
}

TEST(LossScaleUpdate, GrowsBacksOffAndKeepsItsBounds) {
  const Attrs attrs = {{"growth_interval", int64_t{2}}, {"min_scale", 4.0F}, {"max_scale", 16.0F}};
  float scale = 8;
  int32_t tracker = 0;
  const auto update = [&](bool overflow) {
    const auto out = run_n("LossScaleUpdate",
                           {Tensor::scalar(scale), Tensor::of<int32_t>({}, std::vector{tracker}),
                            Tensor::scalar(overflow ? 1 : 0)},
                           2, attrs);
    scale = out[0].span<float>()[0];
    tracker = out[1].span<int32_t>()[0];
    return std::pair(scale, tracker);
  };
  EXPECT_EQ(update(false), std::pair(8.0F, 1));
  EXPECT_EQ(update(false), std::pair(16.0F, 0));
  update(false);
  EXPECT_EQ(update(false), std::pair(16.0F, 0));
  update(false);
  EXPECT_EQ(update(true), std::pair(8.0F, 0));
  EXPECT_EQ(update(true), std::pair(4.0F, 0));
  EXPECT_EQ(update(true), std::pair(4.0F, 0));
}

TEST(TopOneCorrect, FirstMaximumWins) {
  EXPECT_THAT(values(run("TopOneCorrect", {floats({3, 2}, {1, 1, 0, 5, 2, 1}), ints({3}, {0, 1, 1})})),
              ElementsAre(2));
}

TEST(AnyNonFinite, IsOneWhenAnyFlagIs) {
  const Tensor no = Tensor::scalar(0);
  EXPECT_THAT(values(run("AnyNonFinite", {no, no})), ElementsAre(0));
  EXPECT_THAT(values(run("AnyNonFinite", {no, no, Tensor::scalar(1)})), ElementsAre(1));
  EXPECT_THAT(values(run("GradNormSquared", {floats({2}, {3, 4})})), ElementsAre(25));
}

}  // namespace
}  // namespace twofour::ops
