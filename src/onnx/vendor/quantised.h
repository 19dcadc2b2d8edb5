// Steps between codes and values that the quantised operators share.
#pragma once

#include "onnx/vendor/emit.h"

namespace twofour::onnx_io {

/// (codes - zero point) * scale; the zero point may be null.
Value* dequantised(const Emit& emit, Value* codes, Value* scale, Value* zero_point, Attrs attrs = {});
/// Codes of the zero point's type, u8 without one.
Value* quantised(const Emit& emit, Value* src, Value* scale, Value* zero_point);
/// (a - its zero point) (b - its zero point) * a_scale * b_scale, in the scales' type; scales and zero points
/// of b may be one for each column.
Value* scaled_product(const Emit& emit, Value* a, Value* a_scale, Value* a_zero_point, Value* b,
                      Value* b_scale, Value* b_zero_point);

}  // namespace twofour::onnx_io
