// One rule for special values (docs/special-values.md), in every operator, type, tactic and fused form.
#include "tactics/special_values.h"

#include <gtest/gtest.h>

#include <map>

#include "base/parallel.h"
#include "ops/builder.h"

namespace twofour::tactic_test {
namespace {

using Ints = std::vector<int64_t>;

constexpr std::array kTypes = {DType::kF32, DType::kF64, DType::kI8,  DType::kU8,  DType::kI16, DType::kU16,
                               DType::kI32, DType::kU32, DType::kI64, DType::kU64, DType::kBool};

bool is_formula(std::string_view op) { return oracle::elementwise().contains(op); }

/// The attributes that the examples of an operator set; of several that set none, once.
std::vector<Attrs> attrs_of(const ops::OpDef& op) {
  std::vector<Attrs> result;
  for (const ops::Example& example : op.examples)
    if (result.empty() || example.attrs.size() > 0) result.push_back(example.attrs);
  return result;
}

/// The case, or nothing where the operator does not take these types.
std::optional<Case> accepted(const std::string& op, const std::vector<Tensor>& inputs, const Attrs& attrs,
                             const std::vector<bool>& constant = {}) {
  try {
    return case_of_tensors(op, inputs, constant, attrs);
  } catch (const Error&) {
    return std::nullopt;
  }
}

Tensor one_of(const Tensor& numbers, int64_t at) {
  const size_t bytes = dtype_size(numbers.dtype());
  Tensor result(numbers.dtype(), {});
  std::copy_n(numbers.raw() + static_cast<size_t>(at) * bytes, bytes, result.raw());
  return result;
}

/// Integers that may divide: none is zero.
Tensor without_zero(const Tensor& numbers) {
  const Tensor result = numbers.clone();
  const Tensor seven = Tensor::scalar(7).to(numbers.dtype());
  const size_t bytes = dtype_size(numbers.dtype());
  for (size_t i = 0; i < static_cast<size_t>(numbers.numel()); ++i)
    if (std::all_of(result.raw() + i * bytes, result.raw() + (i + 1) * bytes,
                    [](std::byte b) { return b == std::byte{}; }))
      std::copy_n(seven.raw(), bytes, result.raw() + i * bytes);
  return result;
}

/// Exponents for integer bases.
Tensor small_exponents(const Tensor& like) {
  Tensor result(DType::kF32, like.shape());
  for (size_t i = 0; i < result.span<float>().size(); ++i)
    result.span<float>()[i] = static_cast<float>(i % 5);
  return result.to(like.dtype());
}

void check_unary(Findings& findings, const std::string& op, const Attrs& attrs, DType dtype) {
  const Tensor numbers = all_with_each(special_numbers(dtype));
  if (const auto test = accepted(op, {numbers}, attrs)) findings.check(*test, "the numbers");
  for (const Shape& shape : {Shape{}, Shape{0}, Shape{1}, Shape{1, 1, 1, 1}, Shape{2, 0, 3}})
    if (const auto test = accepted(op, {Tensor(dtype, shape)}, attrs))
      findings.check(*test, shape.to_string());
}

void check_binary(Findings& findings, const std::string& op, const Attrs& attrs, DType dtype) {
  const Tensor numbers = special_numbers(dtype);
  const Tensor a = each_with_all(numbers);
  Tensor b = all_with_each(numbers);
  const bool whole = !is_float(dtype);
  if (whole && (op == "Div" || op == "Mod")) b = without_zero(b);
  if (whole && op == "Pow") b = small_exponents(b);
  if (op == "Mod" && !whole && attrs.i("fmod", 0) == 0) return;
  if (const auto test = accepted(op, {a, b}, attrs)) findings.check(*test, "pairs");
  for (int64_t i = 0; i < b.numel() && i < numbers.numel(); ++i)
    for (const bool constant : {true, false})
      if (const auto test = accepted(op, {a, one_of(b, i)}, attrs, {false, constant}))
        findings.check(*test, fmt::format("with number {}", i));
  for (const Shape& shape : {Shape{}, Shape{0}, Shape{1}, Shape{1, 1, 1, 1}, Shape{2, 0, 3}}) {
    const Tensor ones = Tensor::of<float>({1}, std::vector<float>{1}).to(dtype);
    if (const auto test = accepted(op, {Tensor(dtype, shape), ones}, attrs))
      findings.check(*test, shape.to_string());
  }
}

TEST(SpecialValues, FunctionsOfOneAndTwoNumbers) {
  Findings findings;
  for (const ops::OpDef* op : ops::all_ops()) {
    if (!is_formula(op->name) || op->name == "Clip" || op->name == "Where") continue;
    const bool unary = op->inputs.size() == 1 && !op->inputs[0].variadic;
    for (const Attrs& attrs : attrs_of(*op))
      for (const DType dtype : kTypes)
        (unary ? check_unary : check_binary)(findings, std::string(op->name), attrs, dtype);
  }
  EXPECT_TRUE(findings.empty()) << findings.to_string();
  EXPECT_GT(findings.checks(), 2000);
}

TEST(SpecialValues, BoundsAndChoices) {
  Findings findings;
  for (const DType dtype : kTypes) {
    const Tensor numbers = special_numbers(dtype), many = all_with_each(numbers);
    for (int64_t low = 0; low < numbers.numel(); low += 3)
      for (int64_t high = 0; high < numbers.numel(); high += 2) {
        const Tensor a = one_of(numbers, low), b = one_of(numbers, high);
        if (is_float(dtype) && (low == 0 || high == 0))
          continue;  // a bound that is NaN bounds nothing, or all
        for (const auto& inputs :
             {std::vector{many, a, b}, std::vector{many, Tensor(), b}, std::vector{many, a}})
          if (const auto test = accepted("Clip", inputs, {}, {false, true, true}))
            findings.check(*test, "bounds");
      }
    Tensor condition = all_with_each(special_numbers(DType::kBool));
    condition = condition.reshaped({4, 1});
    if (const auto test = accepted("Where", {condition, numbers, one_of(numbers, 1)}, {}))
      findings.check(*test, "where");
  }
  EXPECT_TRUE(findings.empty()) << findings.to_string();
}

/// The example with its float inputs spoilt, one at a time: the first in every way, the others in a few.
void spoil_inputs(Findings& findings, const ops::OpDef& op, const Case& usual, bool halves = true) {
  for (size_t i = 0; i < usual.inputs.size(); ++i) {
    const Tensor& input = usual.inputs[i];
    const ops::Port& port = input_port(op, i);
    const bool statistics = port.name == "mean" || port.name == "var";
    if (!input.defined() || !is_float(input.dtype()) ||
        (port.state && !statistics && !port.name.starts_with("initial")))
      continue;
    for (size_t spoil = 0; spoil < kSpoils.size(); ++spoil) {
      const std::string_view kind = kSpoils[spoil];
      if (i > 0 && kind != "nan inside" && kind != "+inf" && kind != "-0") continue;
      Case test = usual;
      test.inputs[i] = spoilt(input, spoil);
      if (test.node.inputs[i].constant) test.node.inputs[i].data = test.inputs[i];
      findings.check(test, fmt::format("input {} {}", i, kSpoils[spoil]), 256, halves);
    }
  }
}

TEST(SpecialValues, ExamplesOfEveryOperatorWithAFormula) {
  Findings findings;
  for (const ops::OpDef* op : ops::all_ops()) {
    if (is_formula(op->name) || !oracle::find(op->name)) continue;
    for (const ops::Example& example : op->examples)
      if (!example.attrs.has("activations"))  // the oracle has the usual ones
        spoil_inputs(findings, *op, case_of_example(*op, example));
  }
  EXPECT_TRUE(findings.empty()) << findings.to_string();
}

Attrs with(Attrs attrs, const Attrs& more) {
  for (const auto& [name, value] : more) attrs.set(name, value);
  return attrs;
}

/// Convolutions that between them every convolution tactic takes.
std::vector<Case> fused_cases(const Attrs& activation) {
  const Ints pad1 = {1, 1, 1, 1};
  const auto weight = [](Shape shape) { return CaseInput{.shape = std::move(shape), .constant = true}; };
  std::vector<Case> cases;
  cases.push_back(make_case("FusedConv", {{.shape = {1, 16, 7, 9}}, weight({16, 16, 3, 3}), weight({16})},
                            with(activation, {{"pads", pad1}})));
  cases.push_back(pruned(cases.back(), 9));
  cases.push_back(make_case(
      "FusedConv", {{.shape = {1, 8, 5, 6}}, weight({16, 8, 1, 1}), weight({16}), {.shape = {1, 16, 5, 6}}},
      activation));
  cases.push_back(pruned(cases.back(), 1));
  cases.push_back(make_case("FusedConv", {{.shape = {1, 16, 6, 7}}, weight({16, 1, 3, 3}), weight({16})},
                            with(activation, {{"pads", pad1}, {"group", int64_t{16}}})));
  cases.push_back(make_case("FusedConv", {{.shape = {1, 3, 9}}, weight({5, 3, 3}), weight({5})}, activation));
  cases.push_back(make_case("FusedGemm", {{.shape = {3, 20}}, weight({16, 20}), weight({16})},
                            with(activation, {{"transB", int64_t{1}}})));
  cases.push_back(pruned(cases.back(), 1));
  cases.push_back(
      make_case("FusedGemm", {{.shape = {3, 20}}, {.shape = {20, 16}}, {.shape = {3, 1}}}, activation));
  cases.push_back(
      make_case("FusedMatMul", {{.shape = {2, 3, 8}}, weight({8, 16}), weight({16})}, activation));
  cases.push_back(pruned(cases.back(), 16));
  cases.push_back(make_case("FusedMatMul", {{.shape = {2, 3, 8}}, {.shape = {2, 8, 5}}},
                            with(activation, {{"alpha", 0.5F}})));
  return cases;
}

TEST(SpecialValues, FusedForms) {
  Findings findings;
  for (const Attrs& activation : activations()) {
    const bool halves = activation.s("activation", "") == "relu";  // one stands for all
    for (const Case& test : fused_cases(activation))
      spoil_inputs(findings, ops::get_op(test.node.op), test, halves);
  }
  EXPECT_TRUE(findings.empty()) << findings.to_string();
}

/// Operators that move elements: each result is one element of the inputs, or a filler.
constexpr std::array kMovers = {
    "CenterCropPad",   "Compress",        "Concat",    "DepthToSpace", "Expand",       "Flatten",
    "Gather",          "GatherElements",  "GatherND",  "Pad",          "Reorder",      "Reshape",
    "ReverseSequence", "ScatterElements", "ScatterND", "Slice",        "SpaceToDepth", "Split",
    "Squeeze",         "TensorScatter",   "Tile",      "Transpose",    "Trilu",        "Unsqueeze",
};

bool moves(const Tensor& input, const ops::Port& port) {
  return input.defined() && input.dtype() == DType::kF32 && !port.state;
}

/// Elements that are numbered, from 1 on over all inputs, show where each goes; the special values must
/// follow.
void trace(Findings& findings, const ops::OpDef& op, const Case& usual) {
  Case numbered = usual, special = usual;
  const Tensor numbers = special_numbers(DType::kF32);
  std::vector<float> values = {0};
  for (size_t i = 0; i < usual.inputs.size(); ++i) {
    if (!moves(usual.inputs[i], input_port(op, i))) continue;
    numbered.inputs[i] = usual.inputs[i].clone();
    special.inputs[i] = usual.inputs[i].clone();
    for (size_t k = 0; k < numbered.inputs[i].span<float>().size(); ++k) {
      numbered.inputs[i].span<float>()[k] = static_cast<float>(values.size());
      values.push_back(numbers.span<float>()[values.size() % static_cast<size_t>(numbers.numel())]);
      special.inputs[i].span<float>()[k] = values.back();
    }
    if (special.node.inputs[i].constant) special.node.inputs[i].data = special.inputs[i];
  }
  const std::vector<Tensor> places = run_reference(numbered);
  findings.check_moved(special, places, values);
}

TEST(SpecialValues, WhatIsMovedKeepsItsBits) {
  Findings findings;
  for (const char* name : kMovers) {
    const ops::OpDef& op = ops::get_op(name);
    for (const ops::Example& example : op.examples)
      if (!example.attrs.has("reduction") && example.inputs[0].dtype == DType::kF32)
        trace(findings, op, case_of_example(op, example));
  }
  EXPECT_TRUE(findings.empty()) << findings.to_string();
}

/// What neither a formula nor the tracing covers, and why.
const std::map<std::string_view, std::string_view>& not_covered() {
  constexpr std::string_view kSizes = "gives sizes or constants, whatever the values are";
  constexpr std::string_view kTraining =
      "is made by the training step, which skips steps with values that are not finite";
  constexpr std::string_view kIntegers =
      "its results are integers; tests/ops/quantize_test.cpp has their ends";
  constexpr std::string_view kCodes =
      "works on codes, which are finite: tests/ops/quantized_ops_test.cpp, on_codes_test.cpp";
  constexpr std::string_view kDrawn = "draws its results";
  constexpr std::string_view kComposed = "is composed of covered operators on the reference kernel alone";
  constexpr std::string_view kImage = "reads by position: tests/ops/image_test.cpp";
  static const std::map<std::string_view, std::string_view> list = {
      {"AffineGrid", kComposed},
      {"AnyNonFinite", kTraining},
      {"Attention", kComposed},
      {"AveragePoolGrad", kTraining},
      {"BatchNormTrain", kTraining},
      {"BatchNormTrainGrad", kTraining},
      {"Bernoulli", kDrawn},
      {"BitCast", "keeps the bits: tests/ops/elementwise_test.cpp"},
      {"BlackmanWindow", kSizes},
      {"Cast", "has its own test below"},
      {"CausalConvWithState", kComposed},
      {"ClipFactor", kTraining},
      {"Col2Im", kComposed},
      {"ConstantOfShape", kSizes},
      {"ConvGradData", kTraining},
      {"ConvGradWeight", kTraining},
      {"ConvInteger", kIntegers},
      {"DFT", kComposed},
      {"DeformConv", kComposed},
      {"DequantizeLinear", kIntegers},
      {"Det", kComposed},
      {"Dropout", kDrawn},
      {"DynamicQuantizeLSTM", "rounds to codes: tests/ops/sequence_test.cpp"},
      {"DynamicQuantizeLinear", kIntegers},
      {"Einsum", kComposed},
      {"EyeLike", kSizes},
      {"GatherGrad", kTraining},
      {"GradNormSquared", kTraining},
      {"GradUnscale", kTraining},
      {"GridSample", kImage},
      {"HammingWindow", kSizes},
      {"HannWindow", kSizes},
      {"If", "runs other operators"},
      {"LabelEncoder", "looks labels up: tests/onnx/vendor_ml_test.cpp"},
      {"LinearAttention", kComposed},
      {"Loop", "runs other operators"},
      {"LossScaleUpdate", kTraining},
      {"MatMulInteger", kIntegers},
      {"MaxPoolGrad", kTraining},
      {"MaxRoiPool", kImage},
      {"MaxUnpool", "places elements by indices: tests/ops/indexing_test.cpp"},
      {"MelWeightMatrix", kSizes},
      {"NegativeLogLikelihoodLoss", kTraining},
      {"NonMaxSuppression", kImage},
      {"NonZero", "its results are integers"},
      {"OneHot", kSizes},
      {"PadGrad", kTraining},
      {"QuantizeLinear", kIntegers},
      {"QuantizedAdd", kCodes},
      {"QuantizedAveragePool", kCodes},
      {"QuantizedConv", kCodes},
      {"QuantizedGlobalAveragePool", kCodes},
      {"QuantizedMatMul", kCodes},
      {"QuantizedMul", kCodes},
      {"RandomNormal", kDrawn},
      {"RandomNormalLike", kDrawn},
      {"RandomUniform", kDrawn},
      {"RandomUniformLike", kDrawn},
      {"Range", kSizes},
      {"Resize", kImage},
      {"ResizeGrad", kTraining},
      {"RoiAlign", kImage},
      {"RotaryEmbedding", kComposed},
      {"RoundToMinifloat", "rounds to a table of values"},
      {"STFT", kComposed},
      {"Scan", "runs other operators"},
      {"SgdUpdate", kTraining},
      {"Shape", kSizes},
      {"Size", kSizes},
      {"SliceGrad", kTraining},
      {"SoftmaxCrossEntropyGrad", kTraining},
      {"SoftmaxCrossEntropyLoss", kTraining},
      {"TableLookup", kCodes},
      {"TfIdfVectorizer", "counts integers"},
      {"TopOneCorrect", kTraining},
      {"TreeEnsemble", "compares with thresholds: tests/onnx/vendor_ml_test.cpp"},
      {"Unique", "sorts: tests/ops/indexing_test.cpp"},
  };
  return list;
}

TEST(SpecialValues, EveryOperatorIsCoveredOrSaysWhyNot) {
  for (const ops::OpDef* op : ops::all_ops()) {
    const bool moved = std::ranges::find(kMovers, op->name) != kMovers.end();
    const bool covered = moved || oracle::find(op->name);
    EXPECT_NE(covered, not_covered().contains(op->name)) << op->name;
  }
}

// To halves and back: overflow gives infinities, NaN stays. To integers: the nearer end, and NaN gives 0.
TEST(SpecialValues, Casts) {
  Findings findings;
  for (const DType from : kTypes)
    for (const char* to : {"f32", "f64", "f16", "bf16", "i8", "u8", "i32", "i64", "bool"})
      if (const auto test =
              accepted("Cast", {all_with_each(special_numbers(from))}, {{"to", std::string(to)}}))
        findings.check_cast(*test);
  EXPECT_TRUE(findings.empty()) << findings.to_string();
}

}  // namespace
}  // namespace twofour::tactic_test
