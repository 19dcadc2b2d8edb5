#include "onnx/unsupported_ops.h"

#include <algorithm>
#include <array>

namespace twofour::onnx_io {
namespace {

constexpr std::string_view kStrings = "strings are no numbers";

constexpr std::array kOps = {
    UnsupportedOp{"ImageDecoder", "images are decoded before they come to the network"},
    UnsupportedOp{"Multinomial", "classes are drawn after the network, from its probabilities"},
    UnsupportedOp{"RegexFullMatch", kStrings},
    UnsupportedOp{"StringConcat", kStrings},
    UnsupportedOp{"StringNormalizer", kStrings},
    UnsupportedOp{"StringSplit", kStrings},
};

}  // namespace

std::span<const UnsupportedOp> unsupported_ops() { return kOps; }

std::string_view why_unsupported(std::string_view op) {
  const auto* it = std::ranges::find(kOps, op, &UnsupportedOp::name);
  return it == kOps.end() ? std::string_view() : it->reason;
}

}  // namespace twofour::onnx_io
