#include "precision.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>

#include "api/device.h"

namespace twofour::bench {
namespace {

Precision parse(const std::string& text) {
  std::vector<std::string_view> known;
  for (const auto& [name, precision] : kPrecisionNames) {
    if (name == text) return precision;
    known.push_back(name);
  }
  fail(ErrorCode::kInvalidArgument, "there is no precision \"{}\"; there are: {}", text,
       fmt::join(known, ", "));
}

}  // namespace

std::vector<Precision> parse_precisions(const std::vector<std::string>& names) {
  TWOFOUR_CHECK(!names.empty(), kInvalidArgument, "no precision is given");
  std::vector<Precision> list;
  for (const std::string& name : names) {
    const Precision precision = parse(name);
    if (std::ranges::find(list, precision) == list.end()) list.push_back(precision);
  }
  return list;
}

std::vector<Precision> usable_precisions(const std::vector<Precision>& wanted,
                                         std::vector<std::string>* notes) {
  std::vector<Precision> list;
  for (const Precision precision : wanted) {
    if (precision == Precision::kBF16) {
      const backend::Support support = api::device().native_half(DType::kBF16);
      if (!support) {
        notes->push_back(fmt::format("left out: bf16: {}", support.to_string()));
        continue;
      }
    }
    if (!is_in_onnxruntime(precision))
      notes->push_back(fmt::format("left out at {}: ONNX Runtime, which has it on Arm alone",
                                   name_of(kPrecisionNames, precision)));
    list.push_back(precision);
  }
  return list;
}

}  // namespace twofour::bench
