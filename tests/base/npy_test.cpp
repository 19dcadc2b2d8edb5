// .npy files, written here byte by byte.
#include "twofour/npy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <fstream>

#include "base/errors.h"
#include "support/temporary_path.h"

namespace twofour {
namespace {

using ::testing::ElementsAre;

class Npy : public ::testing::Test {
 protected:
  void TearDown() override { std::filesystem::remove(path_); }

  template <typename T>
  void write(const std::string& header, const std::vector<T>& values, char version = 1) const {
    std::string text = "\x93NUMPY" + std::string{version, 0};
    const size_t length = header.size();
    text += {static_cast<char>(length & 255), static_cast<char>(length >> 8)};
    if (version > 1) text += std::string(2, '\0');
    text += header;
    text.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
    std::ofstream(path_, std::ios::binary) << text;
  }
  static std::string header(const std::string& descr, const std::string& order, const std::string& shape) {
    return "{'descr': " + descr + ", 'fortran_order': " + order + ", 'shape': " + shape + ", }   \n";
  }

  const std::filesystem::path path_ = temporary_path("twofour_npy").string() + ".npy";
};

TEST_F(Npy, ReadsRowMajorValues) {
  write<float>(header("'<f4'", "False", "(2, 3)"), {1, 2, 3, 4, 5, 6});
  const Tensor tensor = read_npy(path_);
  EXPECT_EQ(tensor.dtype(), DType::kF32);
  EXPECT_EQ(tensor.shape(), (Shape{2, 3}));
  EXPECT_THAT(tensor.span<float>(), ElementsAre(1, 2, 3, 4, 5, 6));
}

TEST_F(Npy, TransposesColumnMajorValues) {
  // a[i][j][k] = 100 i + 10 j + k of shape 2,3,2, the first axis fastest.
  write<int64_t>(header("'<i8'", "True", "(2, 3, 2)"), {0, 100, 10, 110, 20, 120, 1, 101, 11, 111, 21, 121},
                 2);
  EXPECT_THAT(read_npy(path_).span<int64_t>(),
              ElementsAre(0, 1, 10, 11, 20, 21, 100, 101, 110, 111, 120, 121));
}

TEST_F(Npy, RanksAndTypes) {
  write<double>(header("'<f8'", "False", "()"), {2.5}, 3);
  EXPECT_EQ(read_npy_header(path_).shape, Shape{});
  EXPECT_EQ(read_npy(path_).span<double>()[0], 2.5);
  write<uint8_t>(header("'|b1'", "False", "(3,)"), {1, 0, 1});
  EXPECT_THAT(read_npy(path_).span<bool>(), ElementsAre(true, false, true));
  write<uint16_t>(header("'<V2'", "False", "(1,)"), {0x3F80});
  EXPECT_EQ(to_float(read_npy(path_).span<bf16>()[0]), 1);
  write<float>(header("'<f4'", "False", "(0, 4)"), {});
  EXPECT_EQ(read_npy(path_).shape(), (Shape{0, 4}));
}

TEST_F(Npy, RefusesWhatItCannotRead) {
  EXPECT_ERROR(read_npy(path_), kNotFound, "No such file");
  const auto refused = [&](const std::string& text, ErrorCode code, const std::string& why) {
    write<float>(text, {1, 2});
    const Error error = error_of([&] { read_npy(path_); });
    EXPECT_EQ(error.code(), code);
    EXPECT_THAT(error.what(), ::testing::HasSubstr(why));
  };
  refused(header("'>f4'", "False", "(2,)"), ErrorCode::kUnsupported, "the type >f4");
  refused(header("'<c8'", "False", "(1,)"), ErrorCode::kUnsupported, "the type <c8");
  refused(header("[('a', '<f4')]", "False", "(2,)"), ErrorCode::kUnsupported, "records");
  refused(header("'<f4'", "False", "(3,)"), ErrorCode::kDataCorrupt, "is 12 bytes, 8 follow the header");
  refused(header("'<f4'", "False", "(-2,)"), ErrorCode::kDataCorrupt, "its shape is -2");
  refused(header("'<f4'", "False", "(a,)"), ErrorCode::kDataCorrupt, "its shape is (a)");
  refused("{'descr': '<f4'}", ErrorCode::kDataCorrupt, "its header has no shape");
  refused(header("'<f8'", "False", "(2305843009213693952,)"), ErrorCode::kDataCorrupt, "follow the header");
  refused(header("'<f4'", "False", "(9223372036854775807, 2)"), ErrorCode::kResourceExhausted, "63 bits");
  refused(header("'|b1'", "False", "(8,)"), ErrorCode::kDataCorrupt, "a bool is neither 0 nor 1");
  std::ofstream(path_, std::ios::binary) << "PK";
  EXPECT_ERROR(read_npy(path_), kDataCorrupt, "it is cut short");
  std::ofstream(path_, std::ios::binary) << std::string(100, 'x');
  EXPECT_ERROR(read_npy(path_), kDataCorrupt, "it does not begin as one");
}

}  // namespace
}  // namespace twofour
