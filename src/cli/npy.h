// NumPy's .npy files, versions 1 to 3: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
#pragma once

#include <filesystem>

#include "twofour/tensor.h"

namespace twofour::cli {

struct NpyHeader {
  DType dtype = DType::kF32;
  Shape shape;
  bool column_major = false;  // "fortran_order"
  size_t data_offset = 0;     // bytes before the first element
};

/// Throws Error{kNotFound, kIo} where the file cannot be read, Error{kDataCorrupt} when it is not such a file
/// or has another size than its header says, Error{kUnsupported} on a type that tensors do not have and on
/// big-endian values. bfloat16 is what ml_dtypes writes, "|V2" or "<V2".
NpyHeader read_npy_header(const std::filesystem::path& path);
/// The values in row-major order. Throws as read_npy_header() does.
Tensor read_npy(const std::filesystem::path& path);

}  // namespace twofour::cli
