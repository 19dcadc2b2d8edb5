// com.microsoft: layer normalisations with sums before them, and the embeddings of BERT.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/errors.h"
#include "run_model.h"

namespace twofour::onnx_io {
namespace {

using ::testing::FloatNear;
using ::testing::Pointwise;

constexpr const char* kMs = "com.microsoft";

/// Rows of `size` normalised: by mean and deviation, or (not centred) by the root of the mean square.
std::vector<float> normalised(const std::vector<float>& src, size_t size, bool centred, double epsilon,
                              const std::vector<float>& scale, const std::vector<float>& bias) {
  std::vector<float> dst;
  for (size_t row = 0; row < src.size(); row += size) {
    double mean = 0, square = 0;
    for (size_t i = 0; i < size; ++i) mean += centred ? src[row + i] / static_cast<double>(size) : 0;
    for (size_t i = 0; i < size; ++i) square += (src[row + i] - mean) * (src[row + i] - mean);
    const double root = std::sqrt(square / static_cast<double>(size) + epsilon);
    for (size_t i = 0; i < size; ++i)
      dst.push_back(
          static_cast<float>((src[row + i] - mean) / root * scale[i] + (bias.empty() ? 0 : bias[i])));
  }
  return dst;
}

/// Broadcast from the last axis.
std::vector<float> plus(std::vector<float> a, const std::vector<float>& b) {
  for (size_t i = 0; i < a.size(); ++i) a[i] += b[i % b.size()];
  return a;
}

TEST(VendorNormalisation, SkipLayerNormalizationWithAndWithoutItsInputs) {
  const Tensor x = random({2, 3, 4}, 1), gamma = random({4}, 3), beta = random({4}, 4), bias = random({4}, 5);
  for (const Shape& shape : {Shape{2, 3, 4}, Shape{1, 3, 4}, Shape{3, 4}})
    for (const bool has_beta : {false, true})
      for (const bool has_bias : {false, true}) {
        const Tensor skip = random(shape, 2);
        OneNode model(kMs, "SkipLayerNormalization",
                      {x, skip, gamma, has_beta ? beta : Tensor(), has_bias ? bias : Tensor()});
        model.file.attr("epsilon", 0.1F);
        model.file.graph().mutable_node(0)->add_output("");
        model.file.graph().mutable_node(0)->add_output("");
        model.file.graph().mutable_node(0)->add_output("sum");
        model.file.output("sum");
        std::vector<float> sum = plus(floats(x), floats(skip));
        if (has_bias) sum = plus(sum, floats(bias));
        const std::vector<Tensor> results = model.run();
        EXPECT_THAT(floats(results[1]), Pointwise(FloatNear(1e-6F), sum));
        EXPECT_THAT(floats(results[0]),
                    Pointwise(FloatNear(1e-5F), normalised(sum, 4, true, 0.1, floats(gamma),
                                                           has_beta ? floats(beta) : std::vector<float>())));
      }
}

TEST(VendorNormalisation, SimplifiedFormsDivideByTheRootMeanSquare) {
  const Tensor x = random({2, 4}, 1), skip = random({2, 4}, 2), gamma = random({4}, 3), bias = random({4}, 5);
  OneNode skipped(kMs, "SkipSimplifiedLayerNormalization", {x, skip, gamma, bias});
  skipped.file.attr("epsilon", 0.1F);
  const std::vector<float> sum = plus(plus(floats(x), floats(skip)), floats(bias));
  EXPECT_THAT(skipped.values(),
              Pointwise(FloatNear(1e-5F), normalised(sum, 4, false, 0.1, floats(gamma), {})));
  OneNode plain("", "SimplifiedLayerNormalization", {x, gamma});
  EXPECT_THAT(plain.values(),
              Pointwise(FloatNear(1e-5F), normalised(floats(x), 4, false, 1e-5, floats(gamma), {})));
}

TEST(VendorNormalisation, SimplifiedFormGivesTheInverseDeviation) {
  const Tensor x = random({2, 3, 4}, 1);
  const std::vector<float> ones(12, 1);
  for (const char* domain : {"", kMs})
    for (const int64_t axis : {-1, 1}) {
      const size_t size = axis == 1 ? 12 : 4;
      OneNode model(domain, "SimplifiedLayerNormalization", {x, random({4}, 3)}, 2);
      model.file.attr("axis", axis).attr("epsilon", 0.1F);
      const Tensor inverse = model.run()[1];
      EXPECT_EQ(inverse.shape(), axis == 1 ? (Shape{2, 1, 1}) : (Shape{2, 3, 1}));
      const std::vector<float> hat = normalised(floats(x), size, false, 0.1, ones, {});
      for (size_t i = 0; i < hat.size(); ++i)
        EXPECT_NEAR(floats(inverse)[i / size] * floats(x)[i], hat[i], 1e-5);
    }
}

TEST(VendorNormalisation, EmbedLayerNormalizationAddsUpItsTables) {
  const Tensor words = random({5, 3}, 1), positions = random({4, 3}, 2), segments = random({2, 3}, 3),
               gamma = random({3}, 4), beta = random({3}, 5);
  const std::vector<int32_t> ids = {4, 0, 2, 1}, segment_ids = {0, 1, 1, 0}, mask = {1, 1, 1, 0};
  for (const bool placed : {false, true}) {
    const std::vector<int32_t> places =
        placed ? std::vector<int32_t>{3, 1, 0, 2} : std::vector<int32_t>{0, 1, 0, 1};
    OneNode model(kMs, "EmbedLayerNormalization",
                  {tensor(Shape{2, 2}, ids), tensor(Shape{2, 2}, segment_ids), words, positions, segments,
                   gamma, beta, tensor(Shape{2, 2}, mask), placed ? tensor(Shape{2, 2}, places) : Tensor()},
                  3);
    std::vector<float> sum;
    for (size_t i = 0; i < 4; ++i)
      for (size_t j = 0; j < 3; ++j)
        sum.push_back(floats(words)[static_cast<size_t>(ids[i]) * 3 + j] +
                      floats(positions)[static_cast<size_t>(places[i]) * 3 + j] +
                      floats(segments)[static_cast<size_t>(segment_ids[i]) * 3 + j]);
    const std::vector<Tensor> results = model.run();
    EXPECT_THAT(floats(results[0]),
                Pointwise(FloatNear(2e-5F), normalised(sum, 3, true, 1e-12, floats(gamma), floats(beta))));
    EXPECT_THAT(floats(results[1]), testing::ElementsAre(2, 1));
    EXPECT_THAT(floats(results[2]), Pointwise(FloatNear(1e-6F), sum));
  }
}

}  // namespace
}  // namespace twofour::onnx_io
