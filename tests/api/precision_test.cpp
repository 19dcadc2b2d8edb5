// Precision as a choice of the build: what is asked for, what becomes of it, and what is said about it.
#include "twofour/precision.h"

#include <algorithm>

#include "base/errors.h"
#include "ir/graph.h"
#include "ir/parse.h"
#include "ops/op_def.h"
#include "support/temporary_path.h"
#include "twofour/engine.h"
#include "twofour/quantize.h"

namespace twofour {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::map<std::string, Shape> kShapes = {{"input", {2, 1, 28, 28}}};

Model two_products() {
  Graph graph = parse_graph(R"(graph "net" {
    input %x: f32[4,16]
    const %v: f32[16,16] = random(1)
    const %w: f32[16,8] = random(2)
    %a = MatMul(%x, %v) "first"
    %b = Relu(%a) "relu"
    %c = MatMul(%b, %w) "second"
    output %c
  })");
  ops::infer_all(graph);
  return Model(std::move(graph));
}

TensorRanges ranges_of(const Model& model, const std::map<std::string, Shape>& shapes = {}) {
  return calibrate(model, random_calibration(model, shapes), {.method = CalibrationMethod::kMinMax});
}

/// Nothing is timed: the last precision that is possible is taken.
BuildOptions untimed(PrecisionOptions precision, const std::map<std::string, Shape>& shapes = {}) {
  return {.shapes = shapes, .tuning = {.level = 0}, .precision = std::move(precision)};
}

std::vector<std::string> steps_of(const Engine& engine) {
  std::vector<std::string> steps;
  for (const LayerInfo& layer : engine.layers())
    steps.push_back(layer.name + " " + layer.op + " " + layer.tactic + " " + layer.precision);
  return steps;
}

std::vector<float> output_of(const Engine& engine, const std::string& name) {
  Context context = engine.context();
  for (const auto& [input, tensor] : engine.random_inputs()) context.bind(input, tensor);
  context.run();
  const Tensor tensor = context.tensor(name);
  return {tensor.span<float>().begin(), tensor.span<float>().end()};
}

const LayerChoice& layer_with(const BuildReport& report, const std::string& node) {
  const auto found = std::ranges::find_if(
      report.layers, [&](const LayerChoice& layer) { return layer.layer.starts_with(node); });
  EXPECT_NE(found, report.layers.end()) << node;
  return *found;
}

TEST(Precision, RangesGiveTheEngineOfTheQuantisedModel) {
  const Model model = Model::zoo("lenet");
  const TensorRanges ranges = ranges_of(model, kShapes);
  Model quantised = model.clone();
  quantize(quantised, {}, {.ranges = ranges});
  const BuiltEngine by_ranges = build_engine(model, untimed({.int8 = true, .ranges = ranges}, kShapes));
  const BuiltEngine by_model = build_engine(quantised, untimed({.int8 = true}, kShapes));
  EXPECT_EQ(steps_of(by_ranges.engine), steps_of(by_model.engine));
  EXPECT_EQ(output_of(by_ranges.engine, "logits"), output_of(by_model.engine, "logits"));
  EXPECT_THAT(by_ranges.report.precision_summary(), HasSubstr(" of 5 layers with a product in int8"));
  EXPECT_THAT(by_model.report.precision_trial.precisions, IsEmpty()) << "the model decides";
}

TEST(Precision, ByDefaultLayersComputeInTheModelsTypes) {
  const BuiltEngine built = build_engine(two_products(), untimed({}));
  EXPECT_THAT(built.report.precision_trial.precisions, IsEmpty());
  EXPECT_EQ(built.report.precision_summary(), "");
  for (const LayerInfo& layer : built.engine.layers()) EXPECT_EQ(layer.precision, "fp32") << layer.name;
}

TEST(Precision, Int8NeedsRangesAndAFloatModel) {
  Model model = two_products();
  EXPECT_ERROR(build_engine(model, untimed({.int8 = true})), kInvalidArgument, "--calib=random for timing");
  const TensorRanges ranges = ranges_of(model);
  const std::filesystem::path path = temporary_path("precision.cache");
  write_calibration(path, ranges);
  quantize(model, {}, {.ranges = ranges});
  EXPECT_ERROR(build_engine(model, untimed({.int8 = true, .ranges = ranges})), kFailedPrecondition,
               "leave the calibration out, or give the float model");
  EXPECT_ERROR(read_calibration(path, model), kFailedPrecondition, "leave the file out");
  EXPECT_ERROR(calibrate(model, {}), kFailedPrecondition, "quantised already");
  std::filesystem::remove(path);
}

TEST(Precision, WhatCannotBeIsDeclinedWithItsReason) {
  const Model model = two_products();
  const TensorRanges others = {{"elsewhere", {-1, 1}}};
  const PrecisionTrial trial =
      build_engine(model, untimed({.fp16 = true, .int8 = true, .ranges = others})).report.precision_trial;
  ASSERT_EQ(trial.precisions.size(), 3u);
  EXPECT_TRUE(trial.precisions[0].taken);
  EXPECT_THAT(trial.summary(),
              ElementsAre("Precision: fp32", HasSubstr("Precision: fp16 is not used: "),
                          AllOf(HasSubstr("Precision: int8 is not used: no layer can be quantised"),
                                HasSubstr("no finite range is known for an input"))));
}

TEST(Precision, AQuantisedModelIsNotPainted) {
  Model model = two_products();
  quantize(model, {}, {.ranges = ranges_of(model)});
  const PrecisionTrial trial = build_engine(model, untimed({.bf16 = true})).report.precision_trial;
  EXPECT_THAT(trial.summary(), ElementsAre("Precision: int8", HasSubstr("bf16 is not used: QuantizeLinear")));
}

TEST(Precision, LayersStayInFloatingPointByName) {
  const Model model = two_products();
  const PrecisionOptions precision = {.int8 = true,
                                      .ranges = ranges_of(model),
                                      .layers = {.constraints = PrecisionConstraints::kObey,
                                                 .precisions = {{"*", DType::kI8}, {"s*d", DType::kF32}}}};
  PrecisionOptions unheeded = precision;
  unheeded.layers.constraints = PrecisionConstraints::kNone;
  const BuildReport report = build_engine(model, untimed(precision)).report;
  EXPECT_EQ(layer_with(report, "first").precision, "int8");
  EXPECT_EQ(layer_with(report, "second").precision, "fp32");
  EXPECT_EQ(layer_with(report, "second").real_because, "excluded by name");
  EXPECT_THAT(report.precision_summary(), HasSubstr("in fp32: second (excluded by name)"));
  EXPECT_EQ(layer_with(build_engine(model, untimed(unheeded)).report, "second").precision, "int8");
}

TEST(Precision, ResultsStayInFloatingPointByName) {
  const Model model = two_products();
  const PrecisionOptions precision = {
      .int8 = true,
      .ranges = ranges_of(model),
      .layers = {.constraints = PrecisionConstraints::kObey, .outputs = {{"relu", {DType::kF32}}}}};
  const BuildReport report = build_engine(model, untimed(precision)).report;
  EXPECT_THAT(layer_with(report, "first").output_types, ElementsAre(DType::kF32));
  EXPECT_EQ(layer_with(report, "second").real_because, "no finite range is known for an input");
}

TEST(Precision, ConstraintsThatCannotBeMet) {
  const Model model = two_products();
  LayerTypes wanted = {.constraints = PrecisionConstraints::kPrefer, .precisions = {{"first", DType::kI8}}};
  EXPECT_EQ(layer_with(build_engine(model, untimed({.layers = wanted})).report, "first").precision, "fp32");
  wanted.constraints = PrecisionConstraints::kObey;
  EXPECT_ERROR(build_engine(model, untimed({.layers = wanted})), kFailedPrecondition,
               "computes in fp32, not int8");
  wanted.precisions = {{"third", DType::kI8}};
  EXPECT_ERROR(build_engine(model, untimed({.layers = wanted})), kNotFound,
               "\"third\" matches no layer of the model");
}

TEST(Precision, ObeyedConstraintsRuleOutTheRest) {
  const Model model = two_products();
  const PrecisionOptions precision = {
      .int8 = true,
      .ranges = ranges_of(model),
      .layers = {.constraints = PrecisionConstraints::kObey, .precisions = {{"first", DType::kI8}}}};
  const BuildReport report =
      build_engine(model, {.tuning = {.level = 1, .rounds = 1}, .precision = precision}).report;
  EXPECT_EQ(layer_with(report, "first").precision, "int8");
  EXPECT_THAT(report.precision_trial.summary(),
              ElementsAre("Precision: int8", HasSubstr("fp32 is not used: layer \"first")));
}

// Whoever wins, the report agrees with the engine.
TEST(Precision, TheFastestIsKept) {
  const Model model = two_products();
  const BuiltEngine built = build_engine(
      model, {.tuning = {.level = 1, .rounds = 1},
              .precision = {.bf16 = true, .int8 = true, .ranges = ranges_of(model), .random_ranges = true}});
  const std::vector<PrecisionTime>& precisions = built.report.precision_trial.precisions;
  ASSERT_GE(precisions.size(), 3u);
  EXPECT_EQ(precisions[0].precision, "fp32");
  EXPECT_EQ(std::ranges::count(precisions, true, &PrecisionTime::taken), 1);
  const auto taken = std::ranges::find(precisions, true, &PrecisionTime::taken);
  for (const PrecisionTime& time : precisions) EXPECT_EQ(time.us > 0, time.declined.empty()) << time.declined;
  const bool on_codes = taken->precision.starts_with("int8");
  EXPECT_EQ(built.report.timing_only, on_codes);
  EXPECT_EQ(layer_with(built.report, "first").precision == "int8", on_codes);
}

TEST(Precision, TheReportIsKeptInTheEngineFile) {
  const Model model = two_products();
  const BuiltEngine built =
      build_engine(model, untimed({.int8 = true, .ranges = ranges_of(model), .random_ranges = true}));
  EXPECT_TRUE(built.report.timing_only);
  const std::filesystem::path path = temporary_path("precision.engine");
  built.engine.save(path);
  const Engine loaded = Engine::load(path);
  std::filesystem::remove(path);
  const BuildReport report = loaded.report();
  EXPECT_TRUE(report.timing_only);
  EXPECT_EQ(report.precision_trial.summary(), built.report.precision_trial.summary());
  EXPECT_EQ(report.precision_summary(), built.report.precision_summary());
  EXPECT_EQ(layer_with(report, "first").output_types, layer_with(built.report, "first").output_types);
  EXPECT_EQ(output_of(loaded, "c"), output_of(built.engine, "c"));
}

}  // namespace
}  // namespace twofour
