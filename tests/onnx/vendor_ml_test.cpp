// ai.onnx.ml: preprocessing, linear models and trees, each worked out by hand.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "base/errors.h"
#include "run_model.h"

namespace twofour::onnx_io {
namespace {

using ::testing::ElementsAre;
using ::testing::FloatNear;
using ::testing::Pointwise;

constexpr const char* kMl = "ai.onnx.ml";
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
using Ints = std::vector<int64_t>;
using Floats = std::vector<float>;

const Tensor kRows = tensor<float>({2, 3}, {1, -3, 2, 0, 0, 0});

TEST(VendorMl, Features) {
  EXPECT_THAT(OneNode(kMl, "ArrayFeatureExtractor", {kRows, tensor<int64_t>({2}, {2, 0})}).values(),
              ElementsAre(2, 1, 0, 0));
  const OneNode vector(kMl, "ArrayFeatureExtractor", {tensor<float>({2}, {5, 6}), tensor<int64_t>({1}, {1})});
  EXPECT_EQ(vector.run()[0].shape(), (Shape{1, 1}));
  OneNode binary(kMl, "Binarizer", {kRows});
  binary.file.attr("threshold", 1.0F);
  EXPECT_THAT(binary.values(), ElementsAre(0, 0, 1, 0, 0, 0));
  OneNode joined(kMl, "FeatureVectorizer", {kRows, tensor<int64_t>({2, 1}, {7, 8})});
  joined.file.attr("inputdimensions", Ints{2, 1});
  EXPECT_THAT(joined.values(), ElementsAre(1, -3, 7, 0, 0, 8));
  OneNode scaler(kMl, "Scaler", {tensor<int64_t>({1, 2}, {3, 4})});
  scaler.file.attr("offset", Floats{1, 2}).attr("scale", Floats{0.5F, 10});
  EXPECT_THAT(scaler.values(), ElementsAre(1, 20));
}

TEST(VendorMl, NormalizerLeavesRowsOfZeros) {
  const auto run = [](const char* norm) {
    OneNode model(kMl, "Normalizer", {kRows});
    model.file.attr("norm", norm);
    return model.values();
  };
  EXPECT_THAT(run("MAX"), ElementsAre(0.5F, -1.5F, 1, 0, 0, 0));
  EXPECT_THAT(run("L1"), Pointwise(FloatNear(1e-6F), Floats{1 / 6.0F, -0.5F, 1 / 3.0F, 0, 0, 0}));
  const float root = std::sqrt(14.0F);
  EXPECT_THAT(run("L2"), Pointwise(FloatNear(1e-6F), Floats{1 / root, -3 / root, 2 / root, 0, 0, 0}));
}

TEST(VendorMl, ImputerReplacesNanAndNumbers) {
  OneNode floats(kMl, "Imputer", {tensor<float>({2, 2}, {1, kNan, kNan, 2})});
  floats.file.attr("imputed_value_floats", Floats{5, 6}).attr("replaced_value_float", kNan);
  EXPECT_THAT(floats.values(), ElementsAre(1, 6, 5, 2));
  OneNode ints(kMl, "Imputer", {tensor<int64_t>({1, 3}, {1, -1, 2})});
  ints.file.attr("imputed_value_int64s", Ints{9}).attr("replaced_value_int64", int64_t{-1});
  EXPECT_THAT(ints.values(), ElementsAre(1, 9, 2));
}

TEST(VendorMl, Categories) {
  OneNode hot(kMl, "OneHotEncoder", {tensor<float>({2}, {3.5F, 4})});
  hot.file.attr("cats_int64s", Ints{1, 3});
  EXPECT_THAT(hot.values(), ElementsAre(0, 1, 0, 0));
  OneNode labels(kMl, "LabelEncoder", {tensor<int64_t>({3}, {3, 1, 2})});
  labels.file.attr("keys_int64s", Ints{1, 3})
      .attr("values_floats", Floats{0.5F, 1.5F})
      .attr("default_float", 9.0F);
  EXPECT_THAT(labels.values(), ElementsAre(1.5F, 0.5F, 9));
  OneNode strings(kMl, "LabelEncoder", {tensor<int64_t>({1}, {3})});
  strings.file.attr("keys_int64s", Ints{1}).attr("values_strings", std::vector<std::string>{"cat"});
  EXPECT_ERROR(strings.run(), kUnsupported, "are strings, which are not supported: \"y0\"");
}

TEST(VendorMl, LinearModels) {
  OneNode regressor(kMl, "LinearRegressor", {tensor<float>({1, 2}, {1, 2})});
  regressor.file.attr("coefficients", Floats{1, 2, 3, -4})
      .attr("intercepts", Floats{0.5F, 0})
      .attr("targets", int64_t{2});
  EXPECT_THAT(regressor.values(), ElementsAre(5.5F, -5));
  OneNode classes(kMl, "LinearClassifier", {tensor<float>({2, 1}, {1, -1})}, 2);
  classes.file.attr("coefficients", Floats{1, 2, -1}).attr("intercepts", Floats{0, 0, 0});
  classes.file.attr("classlabels_ints", Ints{5, 6, 7});
  EXPECT_THAT(floats(classes.run()[0]), ElementsAre(6, 7));
  EXPECT_THAT(floats(classes.run()[1]), ElementsAre(1, 2, -1, -1, -2, 1));
}

TEST(VendorMl, TwoClassesByOneScore) {
  const auto run = [](const char* transform) {
    OneNode model(kMl, "LinearClassifier", {tensor<float>({2, 1}, {0.25F, -1})}, 2);
    model.file.attr("coefficients", Floats{1})
        .attr("intercepts", Floats{0})
        .attr("classlabels_ints", Ints{5, 7});
    model.file.attr("post_transform", transform);
    const std::vector<Tensor> results = model.run();
    EXPECT_THAT(floats(results[0]), ElementsAre(7, 5));
    return floats(results[1]);
  };
  EXPECT_THAT(run("NONE"), ElementsAre(0.75F, 0.25F, 2, -1));
  EXPECT_THAT(run("LOGISTIC"), Pointwise(FloatNear(1e-4F), Floats{0.4378F, 0.5622F, 0.7311F, 0.2689F}));
}

TEST(VendorMl, TransformsOfScores) {
  const auto run = [](const char* transform) {
    OneNode model(kMl, "LinearRegressor", {tensor<float>({1, 1}, {1})});
    model.file.attr("coefficients", Floats{1, 0, 2})
        .attr("targets", int64_t{3})
        .attr("post_transform", transform);
    return model.values();
  };
  // exp: 2.71828, 1, 7.38906
  EXPECT_THAT(run("SOFTMAX"), Pointwise(FloatNear(1e-4F), Floats{0.2447F, 0.0900F, 0.6652F}));
  EXPECT_THAT(run("SOFTMAX_ZERO"), Pointwise(FloatNear(1e-4F), Floats{0.2689F, 0, 0.7311F}));
  EXPECT_THAT(run("LOGISTIC"), Pointwise(FloatNear(1e-4F), Floats{0.7311F, 0.5F, 0.8808F}));
}

/// Quantiles of the normal distribution, to what the usual approximation of erfinv is good for.
TEST(VendorMl, Probit) {
  const auto regressor = [](const Floats& coefficients) {
    OneNode model(kMl, "LinearRegressor", {tensor<float>({1, 1}, {1})});
    model.file.attr("coefficients", coefficients)
        .attr("targets", static_cast<int64_t>(coefficients.size()))
        .attr("post_transform", "PROBIT");
    return model.values();
  };
  EXPECT_THAT(regressor({0.5F, 0.975F, 0.1F}), Pointwise(FloatNear(5e-3F), Floats{0, 1.95996F, -1.28155F}));
  EXPECT_THAT(regressor({0.975F}), Pointwise(FloatNear(5e-3F), Floats{1.95996F}));
  const auto classifier = [](const Floats& coefficients) {
    OneNode model(kMl, "LinearClassifier", {tensor<float>({1, 1}, {1})}, 2);
    model.file.attr("coefficients", coefficients).attr("classlabels_ints", Ints{5, 6});
    model.file.attr("intercepts", Floats(coefficients.size(), 0)).attr("post_transform", "PROBIT");
    return floats(model.run()[1]);
  };
  EXPECT_THAT(classifier({0.975F, 0.1F}), Pointwise(FloatNear(5e-3F), Floats{1.95996F, -1.28155F}));
  EXPECT_ERROR(classifier({0.5F}), kUnsupported, "PROBIT of one score");
}

/// x0 <= 0.5 ? A : (x1 > 2 ? B : C), nodes listed leaves first; NaN in x0 goes to A.
void add_tree(ModelFile& file) {
  file.attr("nodes_treeids", Ints{0, 0, 0, 0, 0}).attr("nodes_nodeids", Ints{4, 3, 2, 1, 0});
  file.attr("nodes_featureids", Ints{0, 0, 0, 1, 0}).attr("nodes_values", Floats{0, 0, 0, 2, 0.5F});
  file.attr("nodes_modes", std::vector<std::string>{"LEAF", "LEAF", "LEAF", "BRANCH_GT", "BRANCH_LEQ"});
  file.attr("nodes_truenodeids", Ints{0, 0, 0, 3, 2}).attr("nodes_falsenodeids", Ints{0, 0, 0, 4, 1});
  file.attr("nodes_missing_value_tracks_true", Ints{0, 0, 0, 0, 1});
}

const Tensor kPoints = tensor<float>({4, 2}, {0.5F, 9, 1, 3, 1, 2, kNan, 0});  // A, B, C, A

TEST(VendorMl, TreeRegressor) {
  OneNode model(kMl, "TreeEnsembleRegressor", {kPoints});
  add_tree(model.file);
  model.file.attr("target_treeids", Ints{0, 0, 0, 0}).attr("target_nodeids", Ints{2, 3, 4, 4});
  model.file.attr("target_ids", Ints{0, 1, 0, 1}).attr("target_weights", Floats{1, 2, 3, 4});
  model.file.attr("n_targets", int64_t{2}).attr("base_values", Floats{10, 20});
  EXPECT_THAT(model.values(), ElementsAre(11, 20, 10, 22, 13, 24, 11, 20));
}

TEST(VendorMl, ProbitOfTheSingleTargetOfTrees) {
  OneNode model(kMl, "TreeEnsembleRegressor", {kPoints});
  add_tree(model.file);
  model.file.attr("target_treeids", Ints{0, 0, 0}).attr("target_nodeids", Ints{2, 3, 4});
  model.file.attr("target_ids", Ints{0, 0, 0}).attr("target_weights", Floats{0.5F, 0.975F, 0.1F});
  model.file.attr("n_targets", int64_t{1}).attr("post_transform", "PROBIT");
  EXPECT_THAT(model.values(), Pointwise(FloatNear(5e-3F), Floats{0, 1.95996F, -1.28155F, 0}));
}

TEST(VendorMl, TreeClassifierTakesTheMost) {
  OneNode model(kMl, "TreeEnsembleClassifier", {kPoints}, 2);
  add_tree(model.file);
  model.file.attr("class_treeids", Ints{0, 0, 0}).attr("class_nodeids", Ints{2, 3, 4});
  model.file.attr("class_ids", Ints{2, 0, 1}).attr("class_weights", Floats{1, 2, 3});
  model.file.attr("classlabels_int64s", Ints{5, 6, 7});
  const std::vector<Tensor> results = model.run();
  EXPECT_THAT(floats(results[0]), ElementsAre(7, 5, 6, 7));
  EXPECT_THAT(floats(results[1]), ElementsAre(0, 0, 1, 2, 0, 0, 0, 3, 0, 0, 0, 1));
}

TEST(VendorMl, TreeClassifierOfOneScore) {
  const auto run = [](Floats weights) {
    OneNode model(kMl, "TreeEnsembleClassifier", {kPoints}, 2);
    add_tree(model.file);
    model.file.attr("class_treeids", Ints{0, 0, 0}).attr("class_nodeids", Ints{2, 3, 4});
    model.file.attr("class_ids", Ints{0, 0, 0}).attr("class_weights", weights);
    model.file.attr("classlabels_int64s", Ints{0, 1});
    return model.run();
  };
  const std::vector<Tensor> probability = run({0.25F, 0.75F, 1});
  EXPECT_THAT(floats(probability[0]), ElementsAre(0, 1, 1, 0));
  EXPECT_THAT(floats(probability[1]), ElementsAre(0.75F, 0.25F, 0.25F, 0.75F, 0, 1, 0.75F, 0.25F));
  const std::vector<Tensor> margin = run({-0.25F, 0.25F, 1});
  EXPECT_THAT(floats(margin[0]), ElementsAre(0, 1, 1, 0));
  EXPECT_THAT(floats(margin[1]), ElementsAre(0.25F, -0.25F, -0.25F, 0.25F, -1, 1, 0.25F, -0.25F));
}

TEST(VendorMl, TreesThatLoopAreRefused) {
  OneNode model(kMl, "TreeEnsembleRegressor", {kPoints});
  model.file.attr("nodes_treeids", Ints{0, 0, 0}).attr("nodes_nodeids", Ints{0, 1, 2});
  model.file.attr("nodes_featureids", Ints{0, 0, 0}).attr("nodes_values", Floats{0, 0, 0});
  model.file.attr("nodes_modes", std::vector<std::string>{"BRANCH_LT", "BRANCH_LT", "LEAF"});
  model.file.attr("nodes_truenodeids", Ints{1, 1, 0}).attr("nodes_falsenodeids", Ints{2, 2, 0});
  EXPECT_ERROR(model.run(), kInvalidArgument, "is reached twice");
}

/// Opset 5: x0 in {1, 3} ? 10 : (x1 < 0 ? 20 : 30); `swapped`: the other way around. The modes are numbers.
OneNode membership(bool swapped, const Tensor& modes) {
  OneNode model(kMl, "TreeEnsemble", {tensor<float>({4, 2}, {1, -1, 3, 0, 2, -1, 2, 1})});
  ModelFile& file = model.file;
  file.attr("tree_roots", Ints{0}).attr("nodes_featureids", Ints{0, 1});
  file.attr("nodes_truenodeids", Ints{swapped ? 1 : 0, 1}).attr("nodes_trueleafs", Ints{swapped ? 0 : 1, 1});
  file.attr("nodes_falsenodeids", Ints{swapped ? 0 : 1, 2})
      .attr("nodes_falseleafs", Ints{swapped ? 1 : 0, 1});
  file.attr("leaf_targetids", Ints{0, 0, 0}).attr("n_targets", int64_t{1});
  const auto attr_tensor = [&](const char* name, const Tensor& data) {
    onnx::TensorProto& proto = *file.attribute(name, onnx::AttributeProto::TENSOR).mutable_t();
    proto.set_data_type(onnx_type(data.dtype()));
    proto.add_dims(data.numel());
    proto.set_raw_data(data.raw(), data.size_bytes());
  };
  attr_tensor("nodes_splits", tensor<float>({2}, {0, 0}));
  attr_tensor("nodes_modes", modes);
  attr_tensor("leaf_weights", tensor<float>({3}, {10, 20, 30}));
  attr_tensor("membership_values", tensor<float>({3}, {1, 3, kNan}));
  return model;
}

TEST(VendorMl, TreeEnsembleTestsMembership) {
  const Tensor modes = tensor<uint8_t>({2}, {6, 1});
  EXPECT_THAT(membership(false, modes).values(), ElementsAre(10, 10, 20, 30));
  EXPECT_THAT(membership(true, modes).values(), ElementsAre(20, 30, 10, 10));
}

TEST(VendorMl, ModesThatTreeEnsembleDoesNotKnow) {
  for (const float mode : {2.5F, -1.0F, 7.0F, 1e30F, kNan})
    EXPECT_ERROR(membership(false, tensor<float>({2}, {6, mode})).run(), kInvalidArgument, "is not known");
}

}  // namespace
}  // namespace twofour::onnx_io
