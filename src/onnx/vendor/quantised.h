// Steps between codes and values that the quantised operators share.
#pragma once

#include "onnx/vendor/emit.h"

namespace twofour::onnx_io {

/// (codes - zero point) * scale; the zero point may be null.
Value* dequantised(const Emit& emit, Value* codes, Value* scale, Value* zero_point, Attrs attrs = {});
/// The same in f32. Scale and zero point are each one for all, or one for each index of `axis`.
Value* dequantised_along(const Emit& emit, int64_t axis, Value* codes, Value* scale, Value* zero_point);
/// A bias of i32, counted in units of a_scale * b_scale, which may be one for each index of its last axis;
/// null for none. Throws Error{kInvalidArgument} on another type.
Value* dequantised_bias(const Emit& emit, Value* bias, Value* a_scale, Value* b_scale);
/// Codes of the zero point's type, u8 without one. Throws Error{kInvalidArgument} unless there is one scale.
Value* quantised(const Emit& emit, Value* src, Value* scale, Value* zero_point);
/// (a - its zero point) (b - its zero point) * a_scale * b_scale in f32; scales and zero points may be one
/// for each row of a, each column of b.
Value* scaled_product(const Emit& emit, Value* a, Value* a_scale, Value* a_zero_point, Value* b,
                      Value* b_scale, Value* b_zero_point);

}  // namespace twofour::onnx_io
