// Tensors in the texts and files of trtexec. Values are exact: what is read back is the same number.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "twofour/engine.h"

namespace twofour::cli {

/// The values with `separator` between them, each as the shortest text that gives it back; -0 is -0.0, bool
/// is 0 or 1, and what JSON has no number for is NaN, Infinity or -Infinity between two of `quote`.
std::string values_text(const Tensor& tensor, std::string_view separator, std::string_view quote = "");

/// [{"name", "dimensions": "1x3x224x224", "values": [...]}] of `tensors`, which `infos` names. NaN and
/// infinities are the strings "NaN", "Infinity" and "-Infinity".
std::string tensors_json(const std::vector<TensorInfo>& infos, const std::vector<Tensor>& tensors);
/// "name: (1x10)" and the values, two lines per tensor.
std::string tensors_text(const std::vector<TensorInfo>& infos, const std::vector<Tensor>& tensors);

/// "Float", "Half", "Int64", ...
std::string_view trt_type(DType dtype);

/// "input.1.3.224.224.Float.raw": what --dumpRawBindingsToFile calls a tensor's file. Names that differ give
/// files that differ: bytes that are not letters, digits, '_', '-' or '.' are written %XX, and so is a '.' at
/// the beginning or before a digit, where it would read as a size. What is longer than 150 bytes then ends in
/// "~" and `number`, which tells the bindings of an engine apart.
std::string raw_file_name(std::string_view name, size_t number, const Tensor& tensor);

}  // namespace twofour::cli
