// Reads numpy's .npy files (format versions 1 to 3, C order, numbers and bools) into Tensors, for reference
// vectors.
#pragma once

#include <array>
#include <cstring>
#include <filesystem>
#include <sstream>
#include <string>

#include "base/file.h"
#include "base/tensor.h"

namespace twofour::testing {

inline std::string npy_field(const std::string& header, const std::string& key) {
  const size_t at = header.find("'" + key + "':");
  TWOFOUR_CHECK(at != std::string::npos, kDataCorrupt, "npy header has no {}", key);
  const size_t begin = header.find_first_not_of(' ', at + key.size() + 3);
  const char close = header[begin] == '\'' ? '\'' : header[begin] == '(' ? ')' : ',';
  return header.substr(begin, header.find(close, begin + 1) - begin + 1);
}

inline DType npy_dtype(const std::string& descr) {
  struct Row {
    std::string_view descr;
    DType dtype;
  };
  constexpr std::array<Row, 12> kRows = {{{"'<f4'", DType::kF32},
                                          {"'<f2'", DType::kF16},
                                          {"'<f8'", DType::kF64},
                                          {"'|i1'", DType::kI8},
                                          {"'|u1'", DType::kU8},
                                          {"'<i2'", DType::kI16},
                                          {"'<u2'", DType::kU16},
                                          {"'<i4'", DType::kI32},
                                          {"'<u4'", DType::kU32},
                                          {"'<i8'", DType::kI64},
                                          {"'<u8'", DType::kU64},
                                          {"'|b1'", DType::kBool}}};
  for (const Row& row : kRows)
    if (row.descr == descr) return row.dtype;
  fail(ErrorCode::kUnsupported, "npy type {} is not supported", descr);
}

inline Shape npy_shape(std::string text) {
  for (char& c : text)
    if (c == '(' || c == ')' || c == ',') c = ' ';
  std::istringstream stream(text);
  Shape shape;
  for (int64_t dim; stream >> dim;) shape.push_back(dim);
  return shape;
}

inline Tensor read_npy(const std::filesystem::path& path) {
  const std::string file = read_file(path);
  TWOFOUR_CHECK(file.size() > 12 && file.starts_with("\x93NUMPY"), kDataCorrupt, "{} is not an npy file",
                path.string());
  const bool wide = file[6] > 1;
  uint32_t length = 0;
  std::memcpy(&length, file.data() + 8, wide ? 4 : 2);
  const size_t data = (wide ? 12 : 10) + length;
  TWOFOUR_CHECK(data <= file.size(), kDataCorrupt, "{} is cut short", path.string());
  const std::string header = file.substr(0, data);
  TWOFOUR_CHECK(npy_field(header, "fortran_order") == "False,", kUnsupported, "{} is in Fortran order",
                path.string());
  Tensor tensor(npy_dtype(npy_field(header, "descr")), npy_shape(npy_field(header, "shape")));
  TWOFOUR_CHECK(tensor.size_bytes() == file.size() - data, kDataCorrupt, "{} is cut short", path.string());
  std::memcpy(tensor.raw(), file.data() + data, tensor.size_bytes());
  return tensor;
}

}  // namespace twofour::testing
