// Conv and FusedConv with a constant 2:4 weight, as the sparse tactics see them: src, weight, bias, residual.
#pragma once

#include <variant>

#include "cpu/sparse24/conv_shape.h"
#include "cpu/sparse24/tactic_support.h"

namespace twofour::cpu {

ConvShape conv_shape_of(const NodeDesc& node);

/// The refusals that do not depend on the kernel: types, shapes, formats, what is constant.
Support conv_node_ok(const NodeDesc& node, ProductKind kind);
/// The weight as [K, R*S*C], of f32; it has data of any type.
std::variant<backend::Sparse24Matrix, backend::Sparse24Violation> compress_conv(const NodeDesc& node);
/// Whether the weight is 2:4; yes when it has no data any more.
Support conv_pattern_ok(const NodeDesc& node);

}  // namespace twofour::cpu
