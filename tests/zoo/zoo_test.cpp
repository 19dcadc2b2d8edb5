#include "zoo/zoo.h"

#include <gmock/gmock.h>

#include <cmath>
#include <set>

#include "base/errors.h"
#include "base/parallel.h"
#include "base/rng.h"
#include "ir/verify.h"
#include "ops/evaluate.h"

namespace twofour::zoo {
namespace {

using testing::HasSubstr;

// The published counts: torchvision's for ImageNet, LeCun's for LeNet-5, He's table 6 for CIFAR (0.27M,
// 0.85M; the exact figures are those with option B shortcuts).
struct Count {
  std::string_view name;
  int64_t parameters;
};
class ZooTest : public testing::TestWithParam<Count> {};
INSTANTIATE_TEST_SUITE_P(Published, ZooTest,
                         testing::Values(Count{"lenet", 61'706}, Count{"cnn", 121'786}, Count{"mlp", 235'146},
                                         Count{"resnet20", 272'474}, Count{"resnet56", 855'770},
                                         Count{"resnet18", 11'689'512}, Count{"resnet34", 21'797'672},
                                         Count{"resnet50", 25'557'032},
                                         Count{"resnext101_32x8d", 88'791'336}),
                         [](const auto& test) { return std::string(test.param.name); });

TEST_P(ZooTest, HasThePublishedSizeAndShapes) {
  const Graph graph = make(GetParam().name);
  EXPECT_NO_THROW(verify(graph));
  EXPECT_EQ(num_parameters(graph), GetParam().parameters);
  ASSERT_EQ(graph.inputs().size(), 1u);
  ASSERT_EQ(graph.outputs().size(), 1u);
  const int64_t classes = GetParam().name.ends_with("18") || GetParam().name.ends_with("34") ||
                                  GetParam().name.ends_with("50") || GetParam().name.starts_with("resnext")
                              ? 1000
                              : 10;
  EXPECT_EQ(graph.outputs()[0]->type().to_string(), fmt::format("f32[N,{}]", classes));
  EXPECT_EQ(graph.outputs()[0]->name(), "logits");
}

TEST(Zoo, EveryNetworkHasACount) { EXPECT_EQ(networks().size(), 9u); }

Tensor random_image(const Shape& shape) {
  Tensor image(DType::kF32, shape);
  Rng rng(7);
  for (float& v : image.span<float>()) v = rng.normal();
  return image;
}

// An activation that neither vanishes nor explodes is what the initialisation is for.
TEST(Zoo, SmallNetworksRunForward) {
  for (const std::string_view name : {"lenet", "cnn", "mlp", "resnet20"}) {
    SCOPED_TRACE(name);
    Graph graph = make(name);
    Shape shape = {2};
    for (const Dim& dim : std::span(graph.inputs()[0]->dims()).subspan(1)) shape.push_back(dim.value);
    const Tensor image = random_image(shape);
    const Tensor logits = ops::evaluate(graph, std::span(&image, 1))[0];
    ASSERT_EQ(logits.shape(), Shape({2, 10}));
    float largest = 0;
    for (const float v : logits.span<float>()) largest = std::max(largest, std::fabs(v));
    EXPECT_GT(largest, 0.01F);
    EXPECT_LT(largest, 100.F);
  }
}

TEST(Zoo, TakesOtherImagesClassesAndBatchNames) {
  const Graph graph = make("resnet18", {.num_classes = 7, .image_shape = {1, 64, 96}, .batch = "B"});
  EXPECT_EQ(graph.inputs()[0]->type().to_string(), "f32[B,1,64,96]");
  EXPECT_EQ(graph.outputs()[0]->type().to_string(), "f32[B,7]");
  EXPECT_EQ(graph.find_value("layer4.1.conv2")->type().to_string(), "f32[B,512,2,3]");
}

TEST(Zoo, NamesAreTorchvisions) {
  const Graph graph = make("resnet50");
  for (const char* node : {"conv1", "bn1", "maxpool", "layer1.0.conv1", "layer1.0.downsample.0",
                           "layer2.0.bn3", "layer4.2.conv3", "avgpool", "fc"})
    EXPECT_NE(graph.find_node(node), nullptr) << node;
  for (const char* value : {"conv1.weight", "bn1.running_mean", "layer2.0.downsample.1.bias",
                            "layer4.2.conv3.weight", "fc.bias"}) {
    ASSERT_NE(graph.find_value(value), nullptr) << value;
    EXPECT_TRUE(graph.find_value(value)->trainable()) << value;
  }
  // Version 1.5: the 3x3 convolution has the stride.
  EXPECT_EQ(graph.find_node("layer2.0.conv1")->attrs().ints("strides"), (std::vector<int64_t>{1, 1}));
  EXPECT_EQ(graph.find_node("layer2.0.conv2")->attrs().ints("strides"), (std::vector<int64_t>{2, 2}));
}

TEST(Zoo, WeightsFollowHeAndTheSeed) {
  const auto weight = [](uint64_t seed) {
    return make("resnet20", {.seed = seed}).find_value("layer3.1.conv1.weight")->data();
  };
  const Tensor first = weight(1);
  double sum = 0;
  double squares = 0;
  for (const float v : first.span<float>()) {
    sum += v;
    squares += static_cast<double>(v) * v;
  }
  const double n = static_cast<double>(first.numel());
  EXPECT_NEAR(sum / n, 0, 1e-3);
  EXPECT_NEAR(std::sqrt(squares / n), std::sqrt(2.0 / (64 * 9)), 1e-3);
  const auto equal = [](const Tensor& a, const Tensor& b) {
    return std::ranges::equal(a.span<float>(), b.span<float>());
  };
  const int threads = max_threads();
  set_max_threads(threads + 2);
  EXPECT_TRUE(equal(first, weight(1)));
  set_max_threads(threads);
  EXPECT_FALSE(equal(first, weight(2)));
}

TEST(Zoo, NoTwoWeightsAreAlike) {
  const Graph graph = make("resnet20");
  std::set<float> firsts;
  size_t count = 0;
  for (const auto& value : graph.values())
    if (value->is_constant() && value->rank() > 1) {
      firsts.insert(value->data().span<float>()[0]);
      ++count;
    }
  EXPECT_EQ(firsts.size(), count);
}

TEST(Zoo, RefusesWhatItCannotMake) {
  EXPECT_ERROR(make("resnet1000"), kNotFound,
               "there is no network \"resnet1000\"; there are: lenet, cnn, mlp, resnet20");
  EXPECT_ERROR(make("lenet", {.image_shape = {28, 28}}), kInvalidArgument, "CxHxW, got 28x28");
  EXPECT_ERROR(make("lenet", {.image_shape = {1, 8, 8}}), kInvalidArgument,
               "making lenet for images of 1x8x8");
  EXPECT_ERROR(make("mlp", {.num_classes = -3}), kInvalidArgument, "-3 classes");
}

}  // namespace
}  // namespace twofour::zoo
