#include "train/safetensors.h"

#include <gmock/gmock.h>

#include <cstring>

#include "base/errors.h"
#include "base/file.h"
#include "support/temporary_path.h"

namespace twofour::train {
namespace {

using testing::HasSubstr;

std::string file_of(std::string_view header, size_t data_bytes, std::optional<uint64_t> length = {}) {
  const uint64_t size = length.value_or(header.size());
  std::string text(8, '\0');
  std::memcpy(text.data(), &size, 8);
  return text + std::string(header) + std::string(data_bytes, '\0');
}

SafeTensors parse(const std::string& text) {
  return parse_safetensors(std::as_bytes(std::span(text)), "test.safetensors");
}

class SafeTensorsTest : public testing::Test {
 protected:
  const std::filesystem::path path = temporary_path("twofour_safetensors_test");
  void TearDown() override { std::filesystem::remove(path); }
};

TEST_F(SafeTensorsTest, RoundTripsEveryType) {
  SafeTensors content{.metadata = {{"a", "b\n\"c\""}, {"empty", ""}}};
  int i = 0;
  for (const DType dtype :
       {DType::kF32, DType::kF16, DType::kBF16, DType::kF64, DType::kI8, DType::kU8, DType::kI16, DType::kU16,
        DType::kI32, DType::kU32, DType::kI64, DType::kU64, DType::kBool}) {
    Tensor tensor(dtype, {3, 5});
    for (size_t b = 0; b < tensor.size_bytes(); ++b)
      tensor.raw()[b] = std::byte(dtype == DType::kBool ? b % 2 : b + 7);
    content.tensors[fmt::format("t{}", i++)] = tensor;
  }
  content.tensors["scalar"] = Tensor::scalar(-0.0F);
  content.tensors["empty"] = Tensor(DType::kF32, {0, 3});
  write_safetensors(path, content);

  const SafeTensors read = read_safetensors(path);
  EXPECT_EQ(read.metadata, content.metadata);
  ASSERT_EQ(read.tensors.size(), content.tensors.size());
  for (const auto& [name, tensor] : content.tensors) {
    SCOPED_TRACE(name);
    const Tensor& copy = read.tensors.at(name);
    EXPECT_EQ(copy.dtype(), tensor.dtype());
    EXPECT_EQ(copy.shape(), tensor.shape());
    EXPECT_EQ(std::memcmp(copy.raw(), tensor.raw(), tensor.size_bytes()), 0);
  }
}

// The layout that other readers expect, byte by byte.
TEST_F(SafeTensorsTest, WritesThePublishedLayout) {
  write_safetensors(path, {.tensors = {{"x", Tensor::of<float>({2}, std::array{1.0F, 2.0F})}}});
  const std::string text = read_file(path);
  uint64_t length = 0;
  std::memcpy(&length, text.data(), 8);
  EXPECT_EQ(length % 8, 0U);
  EXPECT_EQ(text.size(), 8 + length + 8);
  EXPECT_THAT(text.substr(8, length), HasSubstr(R"({"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})"));
  float value = 0;
  std::memcpy(&value, text.data() + 8 + length + 4, 4);
  EXPECT_EQ(value, 2.0F);
}

TEST_F(SafeTensorsTest, EveryTruncationIsAnError) {
  write_safetensors(path, {.tensors = {{"x", Tensor(DType::kF32, {3})}, {"y", Tensor(DType::kBool, {5})}}});
  const std::string text = read_file(path);
  for (size_t size = 0; size < text.size(); ++size) {
    EXPECT_ERROR(parse(text.substr(0, size)), kDataCorrupt, "test.safetensors");
  }
}

struct Bad {
  std::string file;
  const char* text;
};
TEST_F(SafeTensorsTest, RefusesBadFiles) {
  const auto one = [](std::string_view entry, size_t data = 8) {
    return file_of(fmt::format(R"({{"x":{}}})", entry), data);
  };
  const Bad bad[] = {
      {file_of("{}", 0, UINT64_MAX), "header would have 18446744073709551615 bytes"},
      {file_of("{}", 0, 100), "header would have 100 bytes"},
      {file_of("[]", 0), "does not start with {"},
      {file_of("{x}", 0), "not valid JSON"},
      {file_of("{}", 4), "4 bytes after its last tensor"},
      {file_of(R"({"__metadata__":{"a":1}})", 0), "\"a\" is no text"},
      {one("1"), "needs dtype, shape and data_offsets"},
      {one(R"({"dtype":"F33","shape":[2],"data_offsets":[0,8]})"), "dtype F33 is unknown"},
      {one(R"({"dtype":"F32","shape":[-2],"data_offsets":[0,8]})"), "size -2"},
      {one(R"({"dtype":"F32","shape":[2.5],"data_offsets":[0,8]})"), "size 2.5"},
      {one(R"({"dtype":"F32","shape":[18446744073709551615],"data_offsets":[0,8]})"),
       "size 18446744073709551615"},
      {one(R"({"dtype":"F32","shape":[4611686018427387904,8],"data_offsets":[0,8]})"), "do not hold"},
      {one(R"({"dtype":"F32","shape":[3],"data_offsets":[0,8]})"), "do not hold F32[3]"},
      {one(R"({"dtype":"F32","shape":[2],"data_offsets":[8,0]})"), "no range"},
      {one(R"({"dtype":"F32","shape":[2],"data_offsets":[0]})"), "no pair"},
      {one(R"({"dtype":"F32","shape":[2],"data_offsets":[4,12]})", 12), "starts at byte 4"},
      {one(R"({"dtype":"F32","shape":[200],"data_offsets":[0,800]})"), "\"x\" ends at byte 800"},
      {file_of(
           R"({"x":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"y":{"dtype":"U8","shape":[4],"data_offsets":[2,6]}})",
           6),
       "\"y\" starts at byte 2"},
      {file_of(R"({"x":{"dtype":"BOOL","shape":[1],"data_offsets":[0,1]}})", 0) + "\x02", "neither 0 nor 1"},
  };
  for (const Bad& b : bad) {
    EXPECT_ERROR(parse(b.file), kDataCorrupt, b.text);
  }
}

TEST_F(SafeTensorsTest, RefusesToWriteReservedNamesAndBadText) {
  EXPECT_THROW(write_safetensors(path, {.tensors = {{"__metadata__", Tensor::scalar(1)}}}), Error);
  EXPECT_THROW(write_safetensors(path, {.tensors = {{"\xff", Tensor::scalar(1)}}}), Error);
  EXPECT_FALSE(std::filesystem::exists(path));
}

}  // namespace
}  // namespace twofour::train
