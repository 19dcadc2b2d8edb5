#include "cli/exec/io_formats.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/parse.h"
#include "twofour/error.h"
#include "twofour/precision.h"

namespace twofour::cli {
namespace {

void check_one(const std::string& flag, const std::string& wanted, const TensorInfo& tensor) {
  const std::string actual = fmt::format("{}:chw", name_of(kTypeNames, tensor.dtype));
  if (wanted != actual)
    throw Error(ErrorCode::kUnsupported,
                fmt::format("{}: \"{}\" is {}, not {}; engines keep the model's types, row-major", flag,
                            tensor.name, actual, wanted));
}

}  // namespace

std::vector<std::string> parse_io_formats(const std::string& text) {
  std::vector<std::string> formats = parse_words(text);
  for (const std::string& format : formats) {
    const size_t colon = format.find(':');
    const bool known = std::ranges::any_of(kTypeNames, [&](const auto& type) {
      return type.first == std::string_view(format).substr(0, colon);
    });
    if (!known || colon == std::string::npos || colon + 1 == format.size())
      throw Error(ErrorCode::kInvalidArgument,
                  fmt::format("\"{}\" is not a type and format; write fp32:chw", format));
  }
  return formats;
}

void check_io_formats(const std::string& flag, const std::vector<std::string>& formats,
                      const std::vector<TensorInfo>& tensors) {
  if (formats.empty() || tensors.empty()) return;
  if (formats.size() != 1 && formats.size() != tensors.size())
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("{} has {} formats for {} tensors", flag, formats.size(), tensors.size()));
  for (size_t i = 0; i < tensors.size(); ++i)
    check_one(flag, formats[formats.size() == 1 ? 0 : i], tensors[i]);
}

}  // namespace twofour::cli
