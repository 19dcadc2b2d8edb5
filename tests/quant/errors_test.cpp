// What codes cost, and what takes the errors away again.
#include "quant/errors.h"

#include <cmath>

#include "base/errors.h"
#include "base/json.h"
#include "quant/quantise.h"
#include "testing.h"

namespace twofour::quant {
namespace {

constexpr const char* kNetwork = R"(graph "net" {
  input %x: f32[N,16]
  const %w1: f32[16,12] = random(1)
  const %b1: f32[12] = random(2)
  const %w2: f32[12,5] = random(3)
  %h = Gemm(%x, %w1, %b1) "fc1"
  %r = Relu(%h) "relu"
  %y = Gemm(%r, %w2) "fc2"
  output %y
})";

/// Positive, so that the errors of weights do not cancel.
Tensor data(int64_t samples) {
  Tensor tensor = random_tensor({samples, 16}, 9);
  for (float& v : tensor.span<float>()) v = std::fabs(v) + 0.5F;
  return tensor;
}

/// The largest mean error of any column of the output.
double mean_error(const Graph& real, const Graph& quantised, const Tensor& x) {
  const Tensor expected = ops::evaluate(real, std::vector<Tensor>{x})[0];
  const Tensor actual = ops::evaluate(quantised, std::vector<Tensor>{x})[0];
  const auto columns = static_cast<size_t>(expected.shape()[1]);
  std::vector<double> sums(columns);
  for (size_t i = 0; i < expected.span<float>().size(); ++i)
    sums[i % columns] += double{expected.span<float>()[i]} - double{actual.span<float>()[i]};
  double most = 0;
  for (const double sum : sums) most = std::max(most, std::fabs(sum) / static_cast<double>(x.shape()[0]));
  return most;
}

const QuantizeOptions kMinMax = {.method = CalibrationMethod::kMinMax};

TEST(Errors, AreThoseOfEachLayerAlone) {
  const Graph real = parse(kNetwork);
  Graph quantised = real.clone();
  const RunFn run = run_on({data(30), data(10)});
  insert_codes(quantised, {{"x", {0, 5, 0}}, {"r", {0, 0.5F, 0}}}, {});
  const auto errors = layer_errors(real, quantised, run);
  ASSERT_EQ(errors.size(), 2u);
  EXPECT_GT(errors.at("fc1").snr_db(), 35);
  EXPECT_LT(errors.at("fc2").snr_db(), 15) << "its input is clipped";
  EXPECT_EQ(errors.at("fc1").bias.size(), 12u);
  EXPECT_GT(errors.at("fc2").corrected_snr_db(), errors.at("fc2").snr_db());
}

TEST(Errors, OfABatchCountByItsSamples) {
  const Graph real = parse(kNetwork);
  Graph quantised = real.clone();
  insert_codes(quantised, {{"x", {0, 5, 0}}, {"r", {0, 9, 0}}}, {});
  const Tensor all = data(40);
  const auto whole = layer_errors(real, quantised, run_on({all}));
  const auto parts = layer_errors(real, quantised, run_on({rows(all, 0, 7), rows(all, 7, 40)}));
  for (const auto& [layer, error] : whole) {
    EXPECT_NEAR(error.snr_db(), parts.at(layer).snr_db(), 1e-3);
    for (size_t i = 0; i < error.bias.size(); ++i) EXPECT_NEAR(error.bias[i], parts.at(layer).bias[i], 1e-5);
  }
  EXPECT_NEAR(output_snr_db(real, quantised, run_on({all})).at("y"),
              output_snr_db(real, quantised, run_on({rows(all, 0, 20), rows(all, 20, 40)})).at("y"), 1e-3);
}

TEST(Quantise, TakesMeanErrorsOutThroughTheBias) {
  const Graph real = parse(kNetwork);
  const Tensor x = data(400);
  const RunFn run = run_on({x});
  Graph plain = real.clone(), corrected = real.clone();
  QuantizeOptions options = kMinMax;
  const QuantizeReport report = quantise(corrected, run, options);
  options.bias_correction = false;
  const QuantizeReport without = quantise(plain, run, options);
  EXPECT_LT(mean_error(real, corrected, x), 0.3 * mean_error(real, plain, x));
  EXPECT_GT(report.layers[0].bias_correction, 0);
  EXPECT_EQ(without.layers[0].bias_correction, 0);
  EXPECT_GT(report.layers[0].snr_db, without.layers[0].snr_db);
  EXPECT_GT(report.outputs_db.at("y"), 30);
}

TEST(Quantise, ReportsEveryLayerAndTensor) {
  Graph graph = parse(kNetwork);
  const QuantizeReport report = quantise(graph, run_on({data(20)}), kMinMax);
  EXPECT_EQ(report.num_quantized(), 2);
  ASSERT_EQ(report.tensors.size(), 2u);
  EXPECT_EQ(report.tensors[0].tensor, "x");
  EXPECT_EQ(report.tensors[0].codes, "u8");
  EXPECT_EQ(report.tensors[0].zero_point, 0);
  EXPECT_TRUE(report.ranges.contains("h")) << "ranges that nothing needed are known, too";
  const Json json = parse_json(report.json(), "report");
  EXPECT_EQ(json["layers"][1]["layer"], "fc2");
  EXPECT_EQ(json["layers"][1]["quantized"], true);
  EXPECT_EQ(json["tensors"][1]["tensor"], "r");
  EXPECT_FALSE(json.contains("sensitivity"));
}

TEST(Quantise, FoldsBatchNormsFirst) {
  Graph graph = parse(R"(graph "norm" {
    input %x: f32[N,4,3,3]
    const %w: f32[4,4,1,1] = random(1)
    const %one: f32[4] = [2, 1, 4, 3]
    const %zero: f32[4] = [1, 2, 3, 4]
    %c = Conv(%x, %w) "conv"
    %y = BatchNormalization(%c, %one, %zero, %zero, %one) "bn"
    output %y
  })");
  const RunFn run = run_on({random_tensor({8, 4, 3, 3}, 2)});
  const QuantizeReport report = quantise(graph, run, kMinMax);
  EXPECT_EQ(graph.outputs()[0]->name(), "y");
  EXPECT_EQ(graph.outputs()[0]->producer()->op(), "Conv");
  EXPECT_GT(report.outputs_db.at("y"), 30);
}

TEST(Quantise, WorksWithKnownRangesAndWithoutData) {
  Graph graph = parse(kNetwork);
  QuantizeOptions options;
  options.ranges = {{"x", {0, 5, 0}}, {"r", {0, 9, 0}}};
  const QuantizeReport report = quantise(graph, {}, options);
  EXPECT_EQ(report.num_quantized(), 2);
  EXPECT_FALSE(report.layers[0].measured);
  EXPECT_TRUE(report.outputs_db.empty());
}

TEST(Quantise, RefusesWhatItCannotDo) {
  const RunFn run = run_on({data(20)});
  Graph graph = parse(kNetwork);
  EXPECT_ERROR(quantise(graph, {}, {}), kInvalidArgument, "neither calibration data nor known ranges");
  QuantizeOptions options;
  options.ranges = {{"x", {0, 5, 0}}};
  options.equalize = true;
  EXPECT_ERROR(quantise(graph, run, options), kInvalidArgument, "calibrate instead");
  quantise(graph, run, kMinMax);
  EXPECT_ERROR(quantise(graph, run, kMinMax), kFailedPrecondition, "the model is quantised already: it has ");
}

/// 1, or 0.8 while fc2 reads codes, and 0.99 while fc1 does.
double score(const Graph& graph) {
  const auto reads_codes = [&](const char* name) {
    const Node* producer = graph.find_node(name)->input(0)->producer();
    return producer && producer->op() == "DequantizeLinear";
  };
  return reads_codes("fc2") ? 0.8 : reads_codes("fc1") ? 0.99 : 1.0;
}

TEST(Sensitivity, LayersThatCostMostStayReal) {
  Graph graph = parse(kNetwork);
  QuantizeOptions options = kMinMax;
  options.budget = 0.02;
  const QuantizeReport report = quantise(graph, run_on({data(20)}), options, score);
  const Sensitivity& found = report.sensitivity;
  EXPECT_EQ(found.float_accuracy, 1);
  ASSERT_EQ(found.alone.size(), 2u);
  EXPECT_EQ(found.alone[0].layer, "fc2");
  EXPECT_EQ(found.alone[0].accuracy, 0.99);
  EXPECT_EQ(found.alone[1].accuracy, 0.8);
  ASSERT_EQ(found.curve.size(), 2u);
  EXPECT_EQ(found.curve[0].layer, "");
  EXPECT_EQ(found.curve[0].accuracy, 0.8);
  EXPECT_EQ(found.curve[1].layer, "fc2");
  EXPECT_EQ(report.num_quantized(), 1);
  EXPECT_EQ(report.layers[1].reason, "left in floating point for the accuracy");
  EXPECT_EQ(score(graph), 0.99);
}

TEST(Sensitivity, EndsInFloatingPointWhereNothingElseHelps) {
  Graph graph = parse(kNetwork);
  QuantizeOptions options = kMinMax;
  options.budget = 0;
  const QuantizeReport report = quantise(graph, run_on({data(20)}), options, score);
  EXPECT_EQ(report.sensitivity.curve.size(), 3u);
  EXPECT_EQ(report.num_quantized(), 0);
  EXPECT_EQ(score(graph), 1);
  graph = parse(kNetwork);
  options.budget = 0.2;
  const QuantizeReport met = quantise(graph, run_on({data(20)}), options, score);
  EXPECT_TRUE(met.sensitivity.alone.empty());
  EXPECT_EQ(met.num_quantized(), 2);
}

}  // namespace
}  // namespace twofour::quant
