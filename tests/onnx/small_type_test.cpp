// Integers of 2 and 4 bits and floats of 4 and 8: as data, and between QuantizeLinear, DequantizeLinear and
// Cast. What codes mean is written down from ONNX's description of the formats.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/errors.h"
#include "run_model.h"

namespace twofour::onnx_io {
namespace {

using ::testing::ElementsAre;

constexpr int kE4m3fn = 17, kE4m3fnuz = 18, kE5m2 = 19, kE5m2fnuz = 20, kUint4 = 21, kInt4 = 22, kE2m1 = 23,
              kE8m0 = 24, kUint2 = 25, kInt2 = 26;

/// The values of packed elements, read through Cast (integers by DequantizeLinear with scale 1).
std::vector<float> values(int type, int64_t count, const std::string& packed) {
  ModelFile file(21);
  file.initializer("codes", {count}, type).set_raw_data(packed);
  file.input("x", {1}).node("Cast", {"codes"}, {"wide"}).attr("to", int64_t{onnx::TensorProto::FLOAT});
  file.node("Add", {"wide", "x"}, {"y"}).output("y");
  const std::vector<Tensor> zero = {tensor<float>({1}, {0})};
  return floats(ops::evaluate(file.import(), zero)[0]);
}

TEST(SmallType, IntegersLieLowBitsFirst) {
  EXPECT_THAT(values(kUint4, 3, "\x21\x0F"), ElementsAre(1, 2, 15));
  EXPECT_THAT(values(kInt4, 4, "\x87\xF1"), ElementsAre(7, -8, 1, -1));
  EXPECT_THAT(values(kUint2, 5, std::string("\xE4\x02")), ElementsAre(0, 1, 2, 3, 2));
  EXPECT_THAT(values(kInt2, 4, "\xE4"), ElementsAre(0, 1, -2, -1));
}

TEST(SmallType, Floats) {
  EXPECT_THAT(values(kE4m3fn, 5, std::string("\x38\x7E\x01\x80\xC4", 5)),
              ElementsAre(1, 448, std::ldexp(1.0F, -9), 0, -3));
  EXPECT_THAT(values(kE4m3fnuz, 3, std::string("\x40\x7F\x01", 3)),
              ElementsAre(1, 240, std::ldexp(1.0F, -10)));
  EXPECT_THAT(values(kE5m2, 4, std::string("\x3C\x7B\x01\xFC", 4)),
              ElementsAre(1, 57344, std::ldexp(1.0F, -16), -std::numeric_limits<float>::infinity()));
  EXPECT_THAT(values(kE5m2fnuz, 3, std::string("\x40\x7F\x01", 3)),
              ElementsAre(1, 57344, std::ldexp(1.0F, -17)));
  EXPECT_THAT(values(kE2m1, 8, "\x10\x32\x54\x76"), ElementsAre(0, 0.5F, 1, 1.5F, 2, 3, 4, 6));
  EXPECT_THAT(values(kE8m0, 2, std::string("\x7F\x81", 2)), ElementsAre(1, 4));
  for (const auto& [type, code] :
       {std::pair(kE4m3fn, '\x7F'), {kE4m3fnuz, '\x80'}, {kE5m2, '\x7D'}, {kE5m2fnuz, '\x80'}})
    EXPECT_TRUE(std::isnan(values(type, 1, std::string(1, code))[0])) << type;
}

TEST(SmallType, TypedDataAndWrongSizes) {
  ModelFile file(21);
  file.initializer("codes", {3}, kInt4).add_int32_data(0x87);
  file.graph().mutable_initializer(0)->add_int32_data(1);
  file.floats("s", {}, {0.5F}).input("x", {1});
  file.node("DequantizeLinear", {"codes", "s"}, {"d"}).node("Add", {"d", "x"}, {"y"}).output("y");
  const std::vector<Tensor> zero = {tensor<float>({1}, {0})};
  EXPECT_THAT(floats(ops::evaluate(file.import(), zero)[0]), ElementsAre(3.5F, -4, 0.5F));
  file.graph().mutable_initializer(0)->add_int32_data(1);
  EXPECT_ERROR(file.import(), kDataCorrupt, "its shape needs 2 packed bytes, the data has 3");
}

TEST(SmallType, WeightsInBlocks) {
  // int4 codes 1..4 and -1..-4 in two blocks of each row.
  ModelFile file(21);
  file.initializer("codes", {2, 4}, kInt4).set_raw_data("\x21\x43\xEF\xCD");
  file.floats("s", {2, 2}, {1, 10, 100, 1000}).input("x", {1, 2});
  file.node("DequantizeLinear", {"codes", "s"}, {"w"})
      .attr("axis", int64_t{1})
      .attr("block_size", int64_t{2});
  file.node("MatMul", {"x", "w"}, {"y"}).output("y");
  const std::vector<Tensor> x = {tensor<float>({1, 2}, {1, 1})};
  EXPECT_THAT(floats(ops::evaluate(file.import(), x)[0]),
              ElementsAre(1 - 100, 2 - 200, 30 - 3000, 40 - 4000));
}

/// QuantizeLinear by 2 with a zero point of the type, then DequantizeLinear by 1.
std::vector<float> quantised(int type, const std::vector<float>& src, const std::string& zero) {
  ModelFile file(21);
  file.initializer("z", {}, type).set_raw_data(zero);
  file.floats("s", {}, {2}).floats("one", {}, {1}).input("x", {static_cast<int64_t>(src.size())});
  file.node("QuantizeLinear", {"x", "s", "z"}, {"q"})
      .node("DequantizeLinear", {"q", "one"}, {"y"})
      .output("y");
  const std::vector<Tensor> x = {tensor<float>({static_cast<int64_t>(src.size())}, src)};
  return floats(ops::evaluate(file.import(), x)[0]);
}

TEST(SmallType, QuantizeLinearSaturatesAtTheRangeOfItsZeroPoint) {
  EXPECT_THAT(quantised(kInt4, {-100, -5, 3, 100}, std::string(1, '\x01')), ElementsAre(-8, -1, 3, 7));
  EXPECT_THAT(quantised(kUint4, {-100, 3, 100}, std::string(1, '\0')), ElementsAre(0, 2, 15));
  // 2.1 lies between 2 and 2.25, 17 halfway between 16 and 18: to the even one.
  EXPECT_THAT(quantised(kE4m3fn, {4.2F, 34, 1e6F}, std::string(1, '\0')), ElementsAre(2, 16, 448));
  EXPECT_THAT(quantised(kE5m2, {4.6F, -1e6F}, std::string(1, '\0')), ElementsAre(2.5F, -57344));
}

TEST(SmallType, ZeroPointsWithinFunctionsHaveTheirRange) {
  ModelFile file(21);
  file.initializer("z", {}, kInt4).set_raw_data(std::string(1, '\0'));
  file.floats("s", {}, {1}).input("x", {2});
  onnx::FunctionProto& function = *file.model.add_functions();
  function.set_domain("my");
  function.set_name("Round");
  for (const char* input : {"a", "scale", "zero"}) function.add_input(input);
  function.add_output("b");
  ModelFile inside;
  inside.node("QuantizeLinear", {"a", "scale", "zero"}, {"q"});
  *inside.node("Constant", {}, {"like"}).attribute("value", onnx::AttributeProto::TENSOR).mutable_t() =
      file.graph().initializer(0);
  inside.node("DequantizeLinear", {"q", "scale"}, {"r"}).node("Add", {"r", "r"}, {"double"});
  inside.node("CastLike", {"double", "like"}, {"c"});
  inside.node("Cast", {"c"}, {"b"}).attr("to", int64_t{onnx::TensorProto::FLOAT});
  *function.mutable_node() = inside.graph().node();
  file.node("Round", {"x", "s", "z"}, {"y"}).domain("my").output("y");
  EXPECT_THAT(run(file.import(), {row({-100, 100})}), ElementsAre(0, -2));  // -16 and 14 without high bits
}

TEST(SmallType, CastRoundsAndOverflowsAsItsAttributeSays) {
  const auto cast = [](int type, float value, int64_t saturate) {
    ModelFile file(19);
    file.input("x", {1}).node("Cast", {"x"}, {"c"}).attr("to", int64_t{type}).attr("saturate", saturate);
    file.node("Cast", {"c"}, {"y"}).attr("to", int64_t{onnx::TensorProto::FLOAT}).output("y");
    const std::vector<Tensor> x = {tensor<float>({1}, {value})};
    return floats(ops::evaluate(file.import(), x)[0])[0];
  };
  EXPECT_EQ(cast(kE4m3fn, 1000, 1), 448);
  EXPECT_TRUE(std::isnan(cast(kE4m3fn, 1000, 0)));
  EXPECT_EQ(cast(kE5m2, -1e9F, 0), -std::numeric_limits<float>::infinity());
  EXPECT_EQ(cast(kE4m3fnuz, 3.3F, 1), 3.25F);
  EXPECT_EQ(cast(kE5m2fnuz, 3.3F, 1), 3.5F);
  EXPECT_EQ(cast(kE2m1, 2.6F, 1), 3);
  EXPECT_EQ(cast(kE2m1, -1e9F, 0), -6);
  EXPECT_EQ(cast(kInt4, 9, 1), -7);
  EXPECT_EQ(cast(kInt4, -9, 1), 7);
  EXPECT_EQ(cast(kUint2, 6.9F, 1), 2);
  EXPECT_ERROR(cast(kE8m0, 1, 1), kUnsupported, "a result of type e8m0 is not supported");
}

}  // namespace
}  // namespace twofour::onnx_io
