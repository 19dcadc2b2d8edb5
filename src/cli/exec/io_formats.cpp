#include "cli/exec/io_formats.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "cli/parse.h"
#include "twofour/error.h"
#include "twofour/names.h"

namespace twofour::cli {
namespace {

constexpr Names<DType, 8> kTypes = {{{"fp32", DType::kF32},
                                     {"fp16", DType::kF16},
                                     {"bf16", DType::kBF16},
                                     {"int64", DType::kI64},
                                     {"int32", DType::kI32},
                                     {"int8", DType::kI8},
                                     {"uint8", DType::kU8},
                                     {"bool", DType::kBool}}};

void check_one(const std::string& flag, const std::string& wanted, const TensorInfo& tensor) {
  const size_t colon = wanted.find(':');
  const std::string type = wanted.substr(0, colon);
  if (colon == std::string::npos ||
      std::ranges::find(kTypes, type, [](const auto& t) { return t.first; }) == kTypes.end())
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("{}: \"{}\" is not a type and format; write fp32:chw", flag, wanted));
  const std::string actual = fmt::format("{}:chw", name_of(kTypes, tensor.dtype));
  if (wanted != actual)
    throw Error(ErrorCode::kUnsupported,
                fmt::format("{}: \"{}\" is {}, not {}; engines keep the model's types, row-major", flag,
                            tensor.name, actual, wanted));
}

}  // namespace

void check_io_formats(const std::string& flag, const std::string& text,
                      const std::vector<TensorInfo>& tensors) {
  if (text.empty()) return;
  const std::vector<std::string> wanted = parse_words(text);
  if (wanted.size() != 1 && wanted.size() != tensors.size())
    throw Error(ErrorCode::kInvalidArgument, fmt::format("{}={} has {} formats for {} tensors", flag, text,
                                                         wanted.size(), tensors.size()));
  for (size_t i = 0; i < tensors.size(); ++i) check_one(flag, wanted[wanted.size() == 1 ? 0 : i], tensors[i]);
}

}  // namespace twofour::cli
