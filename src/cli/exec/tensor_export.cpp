#include "cli/exec/tensor_export.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cctype>
#include <cmath>
#include <iterator>

#include "cli/json_text.h"

namespace twofour::cli {
namespace {

template <typename T>
void append_value(std::string& text, T value, std::string_view quote) {
  const auto out = std::back_inserter(text);
  if constexpr (std::is_floating_point_v<T>) {
    if (std::isnan(value)) return void(fmt::format_to(out, "{0}NaN{0}", quote));
    if (std::isinf(value)) return void(fmt::format_to(out, "{0}{1}Infinity{0}", quote, value < 0 ? "-" : ""));
    if (value == 0 && std::signbit(value)) return void(text += "-0.0");
  }
  fmt::format_to(out, "{}", value);
}

template <typename T>
std::string join_values(const Tensor& tensor, std::string_view separator, std::string_view quote) {
  std::string text;
  for (const T value : tensor.span<T>()) {
    append_value(text, value, quote);
    text += separator;
  }
  if (!text.empty()) text.resize(text.size() - separator.size());
  return text;
}

std::string dims_text(const Shape& shape, std::string_view separator) {
  return fmt::format("{}", fmt::join(shape.dims(), separator));
}

bool stays(std::string_view name, size_t i) {
  const auto is_digit = [&](size_t at) {
    return at < name.size() && std::isdigit(static_cast<unsigned char>(name[at]));
  };
  if (name[i] == '.') return i > 0 && !is_digit(i + 1);
  const auto c = static_cast<unsigned char>(name[i]);
  return c < 0x80 && (std::isalnum(c) || c == '_' || c == '-');
}

std::string file_name(std::string_view name, size_t number) {
  constexpr size_t kLongest = 150;  // a file system takes 255, of which sizes and type need some
  std::string text;
  for (size_t i = 0; i < name.size(); ++i) {
    if (stays(name, i)) text += name[i];
    else text += fmt::format("%{:02X}", static_cast<unsigned char>(name[i]));
  }
  return text.size() <= kLongest ? text : fmt::format("{}~{}", text.substr(0, kLongest), number);
}

}  // namespace

std::string values_text(const Tensor& tensor, std::string_view separator, std::string_view quote) {
  switch (tensor.dtype()) {
    case DType::kF64: return join_values<double>(tensor, separator, quote);
    case DType::kF32: return join_values<float>(tensor, separator, quote);
    case DType::kU64: return join_values<uint64_t>(tensor, separator, quote);
    default: break;
  }
  if (is_float(tensor.dtype())) return join_values<float>(tensor.to(DType::kF32), separator, quote);
  return join_values<int64_t>(tensor.to(DType::kI64), separator, quote);
}

std::string tensors_json(const std::vector<TensorInfo>& infos, const std::vector<Tensor>& tensors) {
  std::vector<std::string> objects;
  for (size_t i = 0; i < infos.size(); ++i) {
    std::string name = json_text(infos[i].name, -1);
    name.pop_back();
    objects.push_back(fmt::format(R"({{"name":{},"dimensions":"{}","values":[{}]}})", name,
                                  dims_text(tensors[i].shape(), "x"), values_text(tensors[i], ",", "\"")));
  }
  return fmt::format("[{}]\n", fmt::join(objects, ","));
}

std::string tensors_text(const std::vector<TensorInfo>& infos, const std::vector<Tensor>& tensors) {
  std::string text;
  for (size_t i = 0; i < infos.size(); ++i)
    text += fmt::format("{}{}: ({})\n{}", i ? "\n" : "", infos[i].name, dims_text(tensors[i].shape(), "x"),
                        values_text(tensors[i], " "));
  return text;
}

std::string_view trt_type(DType dtype) {
  switch (dtype) {
    case DType::kF64: return "Double";
    case DType::kF32: return "Float";
    case DType::kF16: return "Half";
    case DType::kBF16: return "BFloat16";
    case DType::kI64: return "Int64";
    case DType::kI32: return "Int32";
    case DType::kI16: return "Int16";
    case DType::kI8: return "Int8";
    case DType::kU64: return "UInt64";
    case DType::kU32: return "UInt32";
    case DType::kU16: return "UInt16";
    case DType::kU8: return "UInt8";
    case DType::kBool: return "Bool";
  }
  return dtype_name(dtype);
}

std::string raw_file_name(std::string_view name, size_t number, const Tensor& tensor) {
  std::string file = file_name(name, number);
  if (tensor.shape().rank() > 0) file += "." + dims_text(tensor.shape(), ".");
  return fmt::format("{}.{}.raw", file, trt_type(tensor.dtype()));
}

}  // namespace twofour::cli
