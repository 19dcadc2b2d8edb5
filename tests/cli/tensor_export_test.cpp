// Values and names of tensors in files: nothing is rounded, nothing falls together.
#include "cli/exec/tensor_export.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <set>

#include <nlohmann/json.hpp>

namespace twofour::cli {
namespace {

template <typename T>
std::string text_of(std::vector<T> values) {
  return values_text(Tensor::of<T>({static_cast<int64_t>(values.size())}, std::span<const T>(values)), " ");
}

TEST(Values, AreExact) {
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN(),
                  kInf = std::numeric_limits<float>::infinity();
  EXPECT_EQ(text_of<float>({0.1F, 1234567, -0.0F, kNan, kInf, -kInf}),
            "0.1 1234567 -0.0 NaN Infinity -Infinity");
  EXPECT_EQ(text_of<double>({0.1, 1234567.875, 5e-324}), "0.1 1234567.875 5e-324");
  EXPECT_EQ(text_of<uint64_t>({UINT64_MAX, (uint64_t{1} << 53) + 1}),
            "18446744073709551615 9007199254740993");
  EXPECT_EQ(text_of<int64_t>({INT64_MIN, -1}), "-9223372036854775808 -1");
  EXPECT_EQ(text_of<uint8_t>({255, 0}), "255 0");
  const std::vector<float> halves = {0.1F, 65504, 1e-8F};
  const Tensor floats = Tensor::of<float>({3}, std::span<const float>(halves));
  EXPECT_EQ(values_text(floats.to(DType::kF16), " "), "0.099975586 65504 0");
  EXPECT_EQ(values_text(floats.to(DType::kBF16), " "), "0.100097656 65536 1.0011718e-08");
  EXPECT_EQ(values_text(floats.to(DType::kBool), ","), "1,1,1");
  EXPECT_EQ(values_text(Tensor(DType::kF32, {0}), ","), "");
}

TEST(Values, FloatsReadBackAsTheSameBits) {
  std::vector<float> values;
  for (uint64_t bits = 1; bits < uint64_t{0x7F800000}; bits = bits * 3 / 2 + 1)
    values.push_back(std::bit_cast<float>(static_cast<uint32_t>(bits)));
  values.push_back(std::numeric_limits<float>::max());
  const std::vector<TensorInfo> infos = {{"x", DType::kF32, {}, {}, {}}};
  const Tensor tensor =
      Tensor::of<float>({static_cast<int64_t>(values.size())}, std::span<const float>(values));
  const nlohmann::json json = nlohmann::json::parse(tensors_json(infos, {tensor}));
  ASSERT_EQ(json[0]["values"].size(), values.size());
  for (size_t i = 0; i < values.size(); ++i)
    EXPECT_EQ(std::bit_cast<uint32_t>(static_cast<float>(json[0]["values"][i].get<double>())),
              std::bit_cast<uint32_t>(values[i]));
}

TEST(TensorsJson, IsTrtexecs) {
  const std::vector<float> floats = {0.5F, -std::numeric_limits<float>::infinity(), std::nanf("")};
  const std::vector<TensorInfo> infos = {{"a/\"b\":0", DType::kF16, {}, {}, {}},
                                         {"\xFFn", DType::kU64, {}, {}, {}}};
  const std::vector<uint64_t> most = {UINT64_MAX};
  const std::vector<Tensor> tensors = {
      Tensor::of<float>({1, 3}, std::span<const float>(floats)).to(DType::kF16),
      Tensor::of<uint64_t>({}, std::span<const uint64_t>(most))};
  const nlohmann::json json = nlohmann::json::parse(tensors_json(infos, tensors));
  EXPECT_EQ(
      json[0],
      nlohmann::json({{"name", "a/\"b\":0"}, {"dimensions", "1x3"}, {"values", {0.5, "-Infinity", "NaN"}}}));
  EXPECT_EQ(json[1]["name"], "\uFFFDn");
  EXPECT_EQ(json[1]["dimensions"], "");
  EXPECT_EQ(json[1]["values"][0].get<uint64_t>(), UINT64_MAX);
  EXPECT_EQ(tensors_text({infos[0]}, {tensors[0]}), "a/\"b\":0: (1x3)\n0.5 -Infinity NaN");
}

TEST(RawFileName, IsTrtexecsForPlainNames) {
  const Tensor image(DType::kF32, {1, 3, 2});
  EXPECT_EQ(raw_file_name("input", 0, image), "input.1.3.2.Float.raw");
  EXPECT_EQ(raw_file_name("layer.weight_2-a", 0, image), "layer.weight_2-a.1.3.2.Float.raw");
  EXPECT_EQ(raw_file_name("n", 0, Tensor(DType::kI64, {})), "n.Int64.raw");
  EXPECT_EQ(raw_file_name("a/b:0", 0, image), "a%2Fb%3A0.1.3.2.Float.raw");
  EXPECT_EQ(raw_file_name("\xFF", 0, Tensor(DType::kBool, {})), "%FF.Bool.raw");
}

TEST(RawFileName, TellsNamesAndShapesApart) {
  const std::string around(400, 'y');
  const std::vector<std::string> names = {"a/b",  "a_b", "a:b",    "a%2Fb", "A_b",        "a.1",       "a",
                                          ".a",   "..",  "\u00FC", "\xFC",  "a b",        "a.Half",    "1",
                                          ".1.2", "~",   "%",      around,  around + "1", around + "2"};
  std::set<std::string> files;
  size_t number = 0;
  for (const std::string& name : names)
    for (const Shape& shape : {Shape{2}, Shape{1, 2}, Shape{}}) {
      const std::string file = raw_file_name(name, number, Tensor(DType::kF32, shape));
      EXPECT_LE(file.size(), 255u);
      EXPECT_EQ(file.find('/'), std::string::npos);
      EXPECT_NE(file.front(), '.');
      files.insert(file);
      number += shape.rank() == 0;
    }
  EXPECT_EQ(files.size(), names.size() * 3);
}

}  // namespace
}  // namespace twofour::cli
