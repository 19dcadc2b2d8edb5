// Codes of 8 and 16 bits in the plain kernels: odd sizes, ties and ends, every granularity and format.
#include <gtest/gtest.h>

#include <cmath>

#include "base/parallel.h"
#include "base/rng.h"
#include "ops/quantisation/on_codes.h"
#include "ops/quantisation/output_codes.h"
#include "support/cpu_device.h"
#include "tactics/harness.h"

namespace twofour::tactic_test {
namespace {

using backend::Format;
using Ints = std::vector<int64_t>;

constexpr std::array kFormats = {Format::kPlain, Format::kChannelsLast};
constexpr std::array kBytes = {DType::kU8, DType::kI8};
constexpr std::array kCodes = {DType::kU8, DType::kI8, DType::kU16, DType::kI16};
constexpr float kInf = INFINITY;

const backend::Tactic& tactic(std::string_view name) { return *device().find_tactic(name); }

bool is_unsigned(DType dtype) { return dtype == DType::kU8 || dtype == DType::kU16; }
float lowest(DType dtype) { return is_unsigned(dtype) ? 0.0F : dtype == DType::kI8 ? -128.0F : -32768.0F; }
float highest(DType dtype) { return lowest(dtype) + (dtype_size(dtype) == 1 ? 255.0F : 65535.0F); }

/// Every code of its type, uniformly.
CaseInput codes(DType dtype, Shape shape) {
  return {.dtype = dtype, .shape = std::move(shape), .low = lowest(dtype), .high = highest(dtype) + 1};
}
CaseInput scales(Shape shape, bool constant = false) {
  return {.shape = std::move(shape), .low = 0.01F, .high = 0.2F, .constant = constant};
}
/// Values around n codes of this scale: ties, ends, far beyond them, and what is no number.
Tensor spread_values(const Shape& shape, float scale, float reach) {
  Rng rng(7);
  Tensor result(DType::kF32, shape);
  const std::vector<float> special = {0.5F,   1.5F,    2.5F, -0.5F, -1.5F, -2.5F, 126.5F, 127.5F, 254.5F,
                                      255.5F, -128.5F, NAN,  kInf,  -kInf, -0.0F, 3e38F,  -3e38F, 1e-40F};
  const auto values = result.span<float>();
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = i % 3 == 0 ? special[rng.below(special.size())] * scale : rng.uniform(-reach, reach) * scale;
  return result;
}

Tensor random_values(const Shape& shape, float low, float high) {
  Rng rng(3);
  Tensor result(DType::kF32, shape);
  for (float& v : result.span<float>()) v = rng.uniform(low, high);
  return result;
}

Tensor zero_points(DType dtype, const Shape& shape) {
  return random_values(shape, lowest(dtype), highest(dtype) + 1).to(dtype);
}

TEST(Codes, QuantizeLinearOfEverySize) {
  for (const DType dtype : kCodes)
    for (int64_t n = 1; n <= 130; ++n)
      for (const float scale : {0.25F, 0.1F, 1e-38F}) {
        const Case test = case_of_tensors("QuantizeLinear", {spread_values({n}, scale, highest(dtype) * 1.3F),
                                                             Tensor::scalar(scale), zero_points(dtype, {})});
        expect_runs(tactic("native.quantize_linear"), test, {.misalign = 4}, 0);
      }
}

TEST(Codes, DequantizeLinearOfEverySize) {
  for (const DType dtype : {DType::kU8, DType::kI8, DType::kU16, DType::kI16, DType::kI32})
    for (int64_t n = 1; n <= 130; ++n) {
      CaseInput src = codes(dtype, {n});
      if (dtype == DType::kI32) src.low = -2e9F, src.high = 2e9F;
      CaseInput zero_point = {.dtype = dtype, .shape = {}, .low = 0, .high = 99, .absent = n % 3 == 0};
      expect_runs(tactic("native.quantize_linear"),
                  make_case("DequantizeLinear", {src, scales({}, n % 2 == 0), zero_point}), {.misalign = 4},
                  0);
    }
}

TEST(Codes, ScalesThatAreNotPositiveOrFinite) {
  for (const float scale : {0.0F, -0.0F, -0.25F, -1e-40F, kInf, -kInf, NAN})
    for (const DType dtype : kCodes) {
      const Tensor by = Tensor::scalar(scale), zero_point = zero_points(dtype, {});
      expect_runs(tactic("native.quantize_linear"),
                  case_of_tensors("QuantizeLinear", {spread_values({67}, 0.25F, 300), by, zero_point}), {},
                  0);
      expect_runs(tactic("native.quantize_linear"),
                  case_of_tensors("DequantizeLinear", {zero_points(dtype, {67}), by, zero_point}), {}, 0);
    }
}

TEST(Codes, ScalesAlongAnAxis) {
  for (const Shape& shape : {Shape{37}, Shape{5, 19}, Shape{4, 6, 33}, Shape{2, 18, 5, 7}, Shape{2, 1, 3, 5},
                             Shape{2, 3, 2, 5, 4}})
    for (int64_t axis = 0; axis < static_cast<int64_t>(shape.rank()); ++axis)
      for (const DType dtype : kCodes)
        for (const Format format : kFormats)
          for (const bool constant : {true, false}) {
            const Shape channels = {shape[static_cast<size_t>(axis)]};
            const Attrs attrs = {{"axis", constant ? axis : axis - static_cast<int64_t>(shape.rank())}};
            const Tensor scale = random_values(channels, 0.05F, 0.5F);
            const Tensor zero_point = zero_points(dtype, channels);
            const std::vector<bool> constants = {false, constant, constant};
            expect_runs(tactic("native.quantize_linear"),
                        with_format(case_of_tensors("QuantizeLinear",
                                                    {spread_values(shape, 0.25F, 300), scale, zero_point},
                                                    constants, attrs),
                                    format),
                        {}, 0);
            expect_runs(tactic("native.quantize_linear"),
                        with_format(make_case("DequantizeLinear",
                                              {codes(dtype, shape), scales(channels, constant),
                                               codes(dtype, channels)},
                                              attrs),
                                    format),
                        {}, 0);
          }
}

TEST(Codes, BlocksOfScalesAreLeftToTheReference) {
  const Case test = make_case("DequantizeLinear", {codes(DType::kI8, {3, 8}), scales({3, 2})},
                              {{"block_size", int64_t{4}}});
  EXPECT_FALSE(tactic("native.quantize_linear").supports(test.node));
}

TEST(Codes, DynamicQuantizeLinear) {
  std::vector<Tensor> sources;
  for (int64_t n = 1; n <= 130; ++n) sources.push_back(spread_values({n}, 1, 5));
  for (const auto& [low, high] :
       std::vector<std::pair<float, float>>{{-3, 2}, {1, 2}, {-5, -4}, {0, 0}, {-1e38F, 3e38F}, {0, 1e-44F}})
    for (const Shape& shape : {Shape{67}, Shape{100003}, Shape{2, 5, 9, 7}}) {
      sources.push_back(random_values(shape, low, high));
      for (const float special : {NAN, kInf, -kInf}) {
        sources.push_back(sources.back().clone());
        sources.back().span<float>()[static_cast<size_t>(shape.numel()) / 2] = special;
      }
    }
  const int before = max_threads();
  for (const int threads : {1, 2, 3}) {
    set_max_threads(threads);
    for (const Tensor& src : sources)
      expect_runs(tactic("native.dynamic_quantize_linear"),
                  case_of_tensors("DynamicQuantizeLinear", {src}, {}, {}, 3), {.misalign = 4}, 0);
  }
  set_max_threads(before);
}

TEST(Codes, TablesOfEveryTypeAndSize) {
  for (const DType dtype : kBytes)
    for (const DType result : {DType::kU8, DType::kI8, DType::kF16, DType::kF32, DType::kI64})
      for (const bool constant : {true, false}) {
        const CaseInput table = {
            .dtype = result, .shape = {256}, .low = 0, .high = 127, .constant = constant};
        const size_t misalign = dtype_size(result);
        for (int64_t n = 1; n <= 130; ++n) {
          const Case test = make_case("TableLookup", {codes(dtype, {n}), table});
          expect_runs(tactic("native.table_lookup"), test, {.misalign = misalign}, 0);
          expect_runs(tactic("native.table_lookup"), test, {.in_place = true}, 0);
        }
        for (const Format format : kFormats)
          expect_runs(tactic("native.table_lookup"),
                      with_format(make_case("TableLookup", {codes(dtype, {2, 37, 31, 29}), table}), format),
                      {}, 0);
      }
}

Attrs with_codes(Attrs attrs, std::vector<ops::InputCodes> inputs, const ops::OutputCodes& output) {
  ops::set_input_codes(attrs, inputs);
  ops::set_output_codes(attrs, output);
  return attrs;
}

/// What inputs of this type get: a zero point amid its codes.
ops::InputCodes input_codes(DType dtype, float scale) {
  if (dtype == DType::kF32) return {};
  return {scale, dtype == DType::kU8 ? 121 : -7};
}
CaseInput operand(DType dtype, const Shape& shape) {
  return dtype == DType::kF32 ? CaseInput{.shape = shape, .low = -3, .high = 3} : codes(dtype, shape);
}

const std::vector<ops::OutputCodes> kOutputs = {
    {}, {DType::kU8, 0.04F, 100}, {DType::kI8, 0.03F, -128}, {DType::kI8, 0.5F, 127}};

TEST(Codes, SumsAndProductsThatBroadcast) {
  const Shape image = {2, 18, 5, 7};
  for (const Shape& other :
       {image, Shape{}, Shape{18, 1, 1}, Shape{2, 18, 1, 1}, Shape{5, 7}, Shape{1, 1, 5, 7}})
    for (const DType a : kBytes)
      for (const DType b : {DType::kU8, DType::kI8, DType::kF32})
        for (const ops::OutputCodes& output : kOutputs)
          for (const char* op : {"QuantizedAdd", "QuantizedMul"})
            for (const Format format : kFormats) {
              const Attrs attrs = with_codes({}, {input_codes(a, 0.02F), input_codes(b, 0.013F)}, output);
              const Attrs swapped = with_codes({}, {input_codes(b, 0.013F), input_codes(a, 0.02F)}, output);
              const CaseInput x = operand(a, image), y = operand(b, other);
              expect_runs(tactic("native.quantized_binary"),
                          with_format(make_case(op, {x, y}, attrs), format), {.in_place = true}, 1);
              expect_runs(tactic("native.quantized_binary"),
                          with_format(make_case(op, {y, x}, swapped), format), {.misalign = 4}, 1);
            }
}

TEST(Codes, SumsOfEverySizeAndActivation) {
  std::vector<Attrs> activations = {
      {}, {{"activation", std::string("clip")}, {"clip_low", -0.5F}, {"clip_high", 1.5F}}};
  for (const char* name :
       {"relu", "leaky_relu", "sigmoid", "tanh", "swish", "hard_sigmoid", "hard_swish", "gelu"})
    activations.push_back(
        {{"activation", std::string(name)}, {"activation_slope", 0.2F}, {"activation_offset", 0.5F}});
  for (const Attrs& activation : activations)
    for (int64_t n : {1, 2, 15, 16, 17, 31, 33, 63, 64, 65, 127, 130, 1023, 1024, 1025, 40001})
      for (const ops::OutputCodes& output : kOutputs)
        expect_runs(tactic("native.quantized_binary"),
                    make_case("QuantizedAdd", {codes(DType::kU8, {n}), codes(DType::kI8, {n})},
                              with_codes(activation, {{0.02F, 121}, {0.013F, -7}}, output)),
                    {.in_place = true, .misalign = 4}, 64);
}

TEST(Codes, SumsAcrossRowsAreDeclined) {
  const Case test =
      make_case("QuantizedAdd", {codes(DType::kU8, {2, 18, 5, 7}), codes(DType::kU8, {18, 5, 1})},
                with_codes({}, {{}, {}}, {}));
  EXPECT_TRUE(tactic("native.quantized_binary").supports(test.node));
  EXPECT_FALSE(tactic("native.quantized_binary").supports(with_format(test, Format::kChannelsLast).node));
}

/// Windows over one to three axes, with all that ONNX has.
std::vector<std::pair<Shape, Attrs>> pools() {
  const Ints one1 = {1, 1}, two2 = {2, 2}, pad = {1, 1, 1, 1};
  return {
      {{2, 3, 9, 8}, {{"kernel_shape", Ints{3, 3}}, {"strides", two2}, {"pads", pad}}},
      {{1, 64, 12, 12}, {{"kernel_shape", Ints{3, 3}}, {"strides", one1}, {"pads", pad}}},
      {{3, 70, 7, 11}, {{"kernel_shape", Ints{2, 3}}, {"strides", Ints{3, 1}}, {"ceil_mode", int64_t{1}}}},
      {{1, 17, 9, 13}, {{"kernel_shape", Ints{2, 2}}, {"dilations", Ints{2, 3}}, {"strides", two2}}},
      {{2, 1, 19, 23}, {{"kernel_shape", Ints{5, 4}}, {"strides", Ints{1, 3}}, {"pads", Ints{2, 1, 2, 3}}}},
      {{1, 130, 3, 5}, {{"kernel_shape", Ints{3, 5}}}},
      {{2, 5, 23}, {{"kernel_shape", Ints{3}}, {"strides", Ints{2}}, {"pads", one1}}},
      {{1, 17, 6, 7, 8}, {{"kernel_shape", Ints{2, 3, 2}}, {"strides", Ints{1, 2, 2}}}}};
}

TEST(Codes, MaxPools) {
  for (const auto& [image, attrs] : pools())
    for (const DType dtype : kBytes)
      for (const Format format : kFormats)
        expect_runs(tactic("native.max_pool"),
                    with_format(make_case("MaxPool", {codes(dtype, image)}, attrs), format), {.misalign = 1},
                    0);
}

TEST(Codes, AveragePools) {
  for (const auto& [image, attrs] : pools())
    for (const int64_t include_pad : {0, 1})
      for (const DType dtype : kBytes)
        for (const ops::OutputCodes& output : kOutputs)
          for (const Format format : kFormats) {
            Attrs all = with_codes(attrs, {input_codes(dtype, 0.02F)}, output);
            all.set("count_include_pad", include_pad);
            expect_runs(tactic("native.quantized_average_pool"),
                        with_format(make_case("QuantizedAveragePool", {codes(dtype, image)}, all), format),
                        {}, 16);
          }
}

TEST(Codes, GlobalAveragePools) {
  for (const Shape& image :
       {Shape{2, 3, 5, 7}, Shape{3, 300, 9, 11}, Shape{1, 2048, 7, 7}, Shape{4, 33, 1, 1},
        Shape{2, 1, 19, 23}, Shape{2, 5, 130}, Shape{1, 17, 6, 7, 8}})
    for (const DType dtype : kBytes)
      for (const ops::OutputCodes& output : kOutputs)
        for (const Format format : kFormats)
          expect_runs(tactic("native.quantized_average_pool"),
                      with_format(make_case("QuantizedGlobalAveragePool", {codes(dtype, image)},
                                            with_codes({}, {input_codes(dtype, 0.02F)}, output)),
                                  format),
                      {}, 16);
}

TEST(Codes, CastsOfEverySize) {
  for (const char* to : {"u8", "i8", "i32"})
    for (int64_t n = 1; n <= 130; ++n)
      expect_runs(tactic("native.cast"),
                  case_of_tensors("Cast", {spread_values({n}, 1, 3e9F)}, {}, {{"to", std::string(to)}}),
                  {.misalign = 4}, 0);
  for (const DType from : kBytes)
    for (const int64_t n : {1, 31, 64, 130})
      expect_runs(tactic("native.cast"), make_case("Cast", {codes(from, {n})}, {{"to", std::string("f32")}}),
                  {.misalign = 4}, 0);
}

}  // namespace
}  // namespace twofour::tactic_test
