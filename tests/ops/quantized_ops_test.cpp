// Products of codes, and tables, by values worked out by hand. Scales are powers of two where results must be
// exact.
#include <cmath>
#include <limits>

#include "ops/helpers.h"
#include "ops/quantisation/example_inputs.h"

namespace twofour::ops {
namespace {

using testing::ElementsAre;
using testing::FloatNear;
using testing::Pointwise;

using Ints = std::vector<int64_t>;

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

Attrs activation(const char* name, float slope = 0, float offset = 0) {
  return {{"activation", std::string(name)}, {"activation_slope", slope}, {"activation_offset", offset}};
}

TEST(QuantizedConv, PaddingHoldsTheZeroPoint) {
  // Values 2, 0, -2 between two zeros, by the taps 3, 1: 2, 6, -2, -6.
  const Tensor src = as(DType::kU8, {1, 1, 1, 3}, {130, 128, 126});
  const Tensor weight = as(DType::kI8, {1, 1, 1, 2}, {3, 1});
  const Tensor got =
      run("QuantizedConv", {src, weight, Tensor::scalar(0.5F), Tensor(), Tensor(), as(DType::kU8, {}, {128})},
          {{"pads", Ints{0, 1, 0, 1}}});
  EXPECT_EQ(got.dtype(), DType::kF32);
  EXPECT_THAT(values(got), ElementsAre(1, 3, -1, -3));
}

TEST(QuantizedConv, ScaleAndBiasOfEveryChannel) {
  // Sums 10 * 1 - 4 * 2 = 2 and -30 - 20 = -50; values 2 and -6.
  const Tensor src = as(DType::kI8, {1, 2, 1, 1}, {10, -4});
  const Tensor weight = as(DType::kI8, {2, 2, 1, 1}, {1, 2, -3, 5});
  const Tensor got = run("QuantizedConv", {src, weight, floats({2}, {0.5F, 0.125F}), floats({2}, {1, 0.25F})},
                         with_output_codes({}, {DType::kI8, 0.5F, 3}));
  EXPECT_EQ(got.dtype(), DType::kI8);
  EXPECT_THAT(values(got), ElementsAre(7, -9));
}

TEST(QuantizedConv, GroupsHaveChannelsOfTheirOwn) {
  const Tensor src = as(DType::kU8, {1, 2, 2}, {3, 4, 5, 6});
  const Tensor weight = as(DType::kI8, {2, 1, 1}, {2, -1});
  const Tensor got = run("QuantizedConv", {src, weight, floats({1}, {1})}, {{"group", int64_t{2}}});
  EXPECT_THAT(values(got), ElementsAre(6, 8, -5, -6));
}

TEST(QuantizedConv, ResultsAreRoundedToEvenAndSaturated) {
  const Tensor src = as(DType::kI8, {1, 1, 6}, {-128, 1, 3, 5, -1, 127});
  const Tensor weight = as(DType::kI8, {1, 1, 1}, {1});
  const auto codes_of = [&](float scale, DType dtype, int64_t zero_point) {
    return values(run("QuantizedConv", {src, weight, Tensor::scalar(scale)},
                      with_output_codes({}, {dtype, 1, zero_point})));
  };
  EXPECT_THAT(codes_of(0.5F, DType::kU8, 2), ElementsAre(0, 2, 4, 4, 2, 66));
  EXPECT_THAT(codes_of(4, DType::kU8, 128), ElementsAre(0, 132, 140, 148, 124, 255));
  EXPECT_THAT(codes_of(4, DType::kI8, 0), ElementsAre(-128, 4, 12, 20, -4, 127));
}

TEST(QuantizedConv, SumsDoNotSaturate) {
  const Tensor src = as(DType::kU8, {1, 3, 1}, {255, 255, 255});
  const Tensor weight = as(DType::kI8, {2, 3, 1}, {127, 127, 127, -128, -128, -128});
  const Tensor got = run("QuantizedConv", {src, weight, Tensor::scalar(1)});
  EXPECT_THAT(values(got), ElementsAre(3 * 255 * 127, -3 * 255 * 128));
}

TEST(QuantizedConv, ResidualAsCodesOrValuesBeforeTheActivation) {
  const Tensor src = as(DType::kU8, {1, 1, 2}, {1, 1});
  const Tensor weight = as(DType::kI8, {1, 1, 1}, {4});
  const auto run_with = [&](const Tensor& residual, Attrs attrs) {
    attrs.set("activation", std::string("relu"));
    return values(
        run("QuantizedConv", {src, weight, Tensor::scalar(0.25F), Tensor(), residual}, std::move(attrs)));
  };
  // 1 + 3, 1 - 2.
  const Attrs scaled = {{"residual_scale", 0.5F}, {"residual_zero_point", int64_t{4}}};
  EXPECT_THAT(run_with(as(DType::kU8, {1, 1, 2}, {10, 0}), with_output_codes(scaled, {DType::kU8, 0.5F, 1})),
              ElementsAre(9, 1));
  EXPECT_THAT(run_with(as(DType::kI8, {1, 1, 2}, {10, 0}), scaled), ElementsAre(4, 0));
  EXPECT_THAT(run_with(floats({1, 1, 2}, {3, -2}), {}), ElementsAre(4, 0));
}

TEST(QuantizedConv, EveryActivation) {
  const Tensor src = as(DType::kI8, {1, 1, 2}, {-2, 3});
  const Tensor weight = as(DType::kI8, {1, 1, 1}, {1});
  const auto run_with = [&](const Attrs& attrs) {
    return values(run("QuantizedConv", {src, weight, Tensor::scalar(1)}, attrs));
  };
  const auto near = [](float a, float b) { return Pointwise(FloatNear(1e-5F), std::vector<float>{a, b}); };
  EXPECT_THAT(run_with(activation("none")), near(-2, 3));
  EXPECT_THAT(run_with(activation("relu")), near(0, 3));
  EXPECT_THAT(run_with(activation("leaky_relu", 0.1F)), near(-0.2F, 3));
  EXPECT_THAT(run_with(activation("sigmoid")), near(0.1192029F, 0.9525741F));
  EXPECT_THAT(run_with(activation("tanh")), near(-0.9640276F, 0.9950548F));
  EXPECT_THAT(run_with(activation("swish", 1)), near(-0.2384058F, 2.8577224F));
  EXPECT_THAT(run_with(activation("hard_sigmoid", 0.2F, 0.5F)), near(0.1F, 1));
  EXPECT_THAT(run_with(activation("hard_swish")), near(-1 / 3.0F, 3));
  EXPECT_THAT(run_with(activation("gelu")), near(-0.0455003F, 2.9959502F));
  EXPECT_THAT(run_with({{"activation", std::string("clip")}, {"clip_low", -1.0F}, {"clip_high", 2.0F}}),
              near(-1, 2));
}

TEST(QuantizedConv, RefusesWrongInputs) {
  const Tensor src = as(DType::kU8, {1, 1, 2}, {1, 2}), weight = as(DType::kI8, {2, 1, 1}, {1, 2}),
               scale = Tensor::scalar(1), none;
  const auto refused = [](ErrorCode code, const char* text, const std::vector<Tensor>& inputs) {
    expect_error(code, text, [&] { run("QuantizedConv", inputs); });
  };
  refused(ErrorCode::kUnsupported, "src is f32[1,1,2]; i8 and u8 are supported",
          {floats({1, 1, 2}, {1, 2}), weight, scale});
  refused(ErrorCode::kInvalidArgument, "weight is u8[2,1,1]; it must be of type i8",
          {src, as(DType::kU8, {2, 1, 1}, {1, 2}), scale});
  refused(ErrorCode::kInvalidArgument, "scale is f32[3]; one element or a vector of 2 is expected",
          {src, weight, floats({3}, {1, 1, 1})});
  refused(ErrorCode::kInvalidArgument, "scale is f16[]; it must be of type f32",
          {src, weight, as(DType::kF16, {}, {1})});
  refused(ErrorCode::kInvalidArgument, "bias is f32[3]; f32[2] is expected",
          {src, weight, scale, floats({3}, {1, 1, 1})});
  refused(ErrorCode::kInvalidArgument, "bias is i32[2]; it must be of type f32",
          {src, weight, scale, as(DType::kI32, {2}, {1, 1})});
  refused(ErrorCode::kInvalidArgument, "residual is f32[1,2,1]; f32[1,2,2] is expected",
          {src, weight, scale, none, floats({1, 2, 1}, {1, 1})});
  refused(ErrorCode::kUnsupported, "residual is i32[1,2,2]",
          {src, weight, scale, none, as(DType::kI32, {1, 2, 2}, {1, 1, 1, 1})});
  refused(ErrorCode::kInvalidArgument, "src_zero_point is i8[]; it must be of type u8",
          {src, weight, scale, none, none, as(DType::kI8, {}, {1})});
  refused(ErrorCode::kInvalidArgument, "src_zero_point is u8[2]; one element is expected",
          {src, weight, scale, none, none, as(DType::kU8, {2}, {1, 1})});
}

TEST(QuantizedConv, RefusesWrongAttributes) {
  const std::vector<Tensor> inputs = {as(DType::kU8, {1, 1, 1}, {1}), as(DType::kI8, {1, 1, 1}, {1}),
                                      Tensor::scalar(1), Tensor(), as(DType::kI8, {1, 1, 1}, {1})};
  const auto refused = [&](const std::string& text, const Attrs& attrs) {
    expect_error(ErrorCode::kInvalidArgument, text, [&] { run("QuantizedConv", inputs, attrs); });
  };
  for (const float scale : {0.0F, -1.0F, kNan, kInfinity}) {
    refused(fmt::format("output_scale is {}; a positive number is expected", scale),
            with_output_codes({}, {DType::kU8, scale, 0}));
    refused(fmt::format("residual_scale is {}; a positive number is expected", scale),
            {{"residual_scale", scale}});
  }
  refused("output_zero_point is -1; a value of u8 is expected", with_output_codes({}, {DType::kU8, 1, -1}));
  refused("output_zero_point is 256; a value of u8 is expected", with_output_codes({}, {DType::kU8, 1, 256}));
  refused("output_zero_point is -129; a value of i8 is expected",
          with_output_codes({}, {DType::kI8, 1, -129}));
  refused("output_zero_point is 128; a value of i8 is expected", with_output_codes({}, {DType::kI8, 1, 128}));
  refused("residual_zero_point is 128; a value of i8 is expected", {{"residual_zero_point", int64_t{128}}});
  refused("output_dtype is i32; f32, i8 or u8 is expected", with_output_codes({}, {DType::kI32, 1, 0}));
  refused("output_dtype is \"byte\", which names no type", {{"output_dtype", std::string("byte")}});
  refused("activation \"softmax\" is not known", activation("softmax"));
}

TEST(QuantizedMatMul, BothSidesHaveZeroPoints) {
  // (2, 4) by the columns (2, 3) and (0, 1), which transB gives as rows; without it (2, 0) and (3, 1).
  const Tensor a = as(DType::kU8, {1, 2}, {3, 5}), b = as(DType::kU8, {2, 2}, {130, 131, 128, 129});
  const auto product = [&](int64_t trans_b) {
    return values(run(
        "QuantizedMatMul",
        {a, b, floats({1}, {0.5F}), Tensor(), Tensor(), as(DType::kU8, {}, {1}), as(DType::kU8, {1}, {128})},
        {{"transB", trans_b}}));
  };
  EXPECT_THAT(product(1), ElementsAre(8, 2));
  EXPECT_THAT(product(0), ElementsAre(2, 5));
}

TEST(QuantizedMatMul, TransBTurnsEveryMatrixOfABatch) {
  const Tensor a = as(DType::kI8, {2, 1, 2}, {1, 0, 1, 10}),
               b = as(DType::kI8, {2, 3, 2}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12});
  EXPECT_THAT(values(run("QuantizedMatMul", {a, b, Tensor::scalar(1)}, {{"transB", int64_t{1}}})),
              ElementsAre(1, 3, 5, 87, 109, 131));
}

TEST(QuantizedMatMul, BatchesBroadcast) {
  const Tensor a = as(DType::kI8, {2, 1, 1, 2}, {1, 2, 3, 4}),
               b = as(DType::kI8, {3, 2, 1}, {1, 0, 0, 1, 1, 1});
  const Tensor got = run("QuantizedMatMul", {a, b, Tensor::scalar(1)});
  EXPECT_EQ(got.shape(), (Shape{2, 3, 1, 1}));
  EXPECT_THAT(values(got), ElementsAre(1, 2, 3, 3, 4, 7));
}

TEST(QuantizedMatMul, ScaleBiasResidualAndActivationOfEveryColumn) {
  // Sums 10, 20, 20, 40; with scales and biases 6, 4, 11, 9; with the residual 8, 4, 9, -1.
  const Tensor a = as(DType::kI8, {2, 1}, {1, 2}), b = as(DType::kI8, {1, 2}, {10, 20});
  const std::vector<Tensor> inputs = {a, b, floats({2}, {0.5F, 0.25F}), floats({2}, {1, -1}),
                                      as(DType::kI8, {2, 2}, {6, 5, 4, 0})};
  Attrs attrs = activation("relu");
  attrs.set("residual_scale", 2.0F);
  attrs.set("residual_zero_point", int64_t{5});
  EXPECT_THAT(values(run("QuantizedMatMul", inputs, with_output_codes(attrs, {DType::kI8, 1, -3}))),
              ElementsAre(5, 1, 6, -3));
}

TEST(QuantizedMatMul, RefusesWrongInputs) {
  const Tensor a = as(DType::kU8, {1, 2}, {1, 2}), b = as(DType::kI8, {2, 3}, {1, 2, 3, 4, 5, 6}),
               scale = Tensor::scalar(1), none;
  const auto refused = [](ErrorCode code, const char* text, const std::vector<Tensor>& inputs,
                          const Attrs& attrs = {}) {
    expect_error(code, text, [&] { run("QuantizedMatMul", inputs, attrs); });
  };
  refused(ErrorCode::kUnsupported, "a is i16[1,2]; i8 and u8 are supported",
          {as(DType::kI16, {1, 2}, {1, 2}), b, scale});
  refused(ErrorCode::kUnsupported, "b is f32[2,1]", {a, floats({2, 1}, {1, 2}), scale});
  refused(ErrorCode::kInvalidArgument, "both must be matrices", {as(DType::kU8, {2}, {1, 2}), b, scale});
  refused(ErrorCode::kInvalidArgument, "do not multiply", {a, b, scale}, {{"transB", int64_t{1}}});
  refused(ErrorCode::kInvalidArgument, "scale is f32[2]; one element or a vector of 3 is expected",
          {a, b, floats({2}, {1, 1})});
  refused(ErrorCode::kInvalidArgument, "a_zero_point is i8[]; it must be of type u8",
          {a, b, scale, none, none, as(DType::kI8, {}, {1})});
  refused(ErrorCode::kInvalidArgument, "b_zero_point is i8[3]; one element is expected",
          {a, b, scale, none, none, none, as(DType::kI8, {3}, {1, 1, 1})});
  refused(ErrorCode::kInvalidArgument, "output_scale is 0", {a, b, scale},
          with_output_codes({}, {DType::kU8, 0, 0}));
}

TEST(TableLookup, TablesStartAtTheLowestCode) {
  const Tensor ramp = iota({256});
  const Tensor centred = run("Sub", {ramp, Tensor::scalar(128)}).to(DType::kI8);
  const Tensor falling = run("Sub", {Tensor::scalar(255), ramp}).to(DType::kU8);
  const Tensor halves = run("Mul", {ramp, Tensor::scalar(0.5F)});
  const Tensor low = as(DType::kU8, {3}, {0, 1, 255}), high = as(DType::kI8, {3}, {-128, 0, 127});
  EXPECT_THAT(values(run("TableLookup", {low, centred})), ElementsAre(-128, -127, 127));
  EXPECT_THAT(values(run("TableLookup", {high, falling})), ElementsAre(255, 127, 0));
  EXPECT_THAT(values(run("TableLookup", {low, halves})), ElementsAre(0, 0.5F, 127.5F));
  EXPECT_THAT(values(run("TableLookup", {high, halves})), ElementsAre(0, 64, 127.5F));
}

TEST(TableLookup, RefusesOtherTablesAndCodes) {
  const Tensor src = as(DType::kU8, {1}, {0});
  expect_error(ErrorCode::kInvalidArgument, "table is f32[255]; f32[256] is expected", [&] {
    run("TableLookup", {src, iota({255})});
  });
  expect_error(ErrorCode::kUnsupported, "src is i32[1]; i8 and u8 are supported", [&] {
    run("TableLookup", {src.to(DType::kI32), iota({256})});
  });
}

}  // namespace
}  // namespace twofour::ops
