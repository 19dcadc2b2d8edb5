// Operators of ONNX that twofour does not have, and why.
#pragma once

#include <span>
#include <string_view>

namespace twofour::onnx_io {

struct UnsupportedOp {
  std::string_view name;
  std::string_view reason;
};

/// Of the default domain, in alphabetical order.
std::span<const UnsupportedOp> unsupported_ops();
/// Empty for an operator that is not in the list.
std::string_view why_unsupported(std::string_view op);

}  // namespace twofour::onnx_io
