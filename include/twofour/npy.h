// NumPy's .npy files, versions 1 to 3: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string_view>

#include "twofour/tensor.h"

namespace twofour {

struct NpyHeader {
  DType dtype = DType::kF32;
  Shape shape;
  bool column_major = false;  // "fortran_order"
  size_t data_offset = 0;     // bytes before the first element
};

/// The values in row-major order. `name` stands for the file in error texts. Throws Error{kDataCorrupt} when
/// it is not such a file, has another size than its header says or a bool that is neither 0 nor 1, and
/// Error{kUnsupported} on a type that tensors do not have and on big-endian values. bfloat16 is what
/// ml_dtypes writes, "|V2" or "<V2".
Tensor parse_npy(std::span<const std::byte> file, std::string_view name);

/// Of a file. Throws as parse_npy() does, and Error{kNotFound, kIo} where it cannot be read.
Tensor read_npy(const std::filesystem::path& path);
/// The same without reading values.
NpyHeader read_npy_header(const std::filesystem::path& path);

}  // namespace twofour
