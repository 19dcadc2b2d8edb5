// Adapters of layers and indexing ops, for the table in opset_adapters.cpp.
#pragma once

#include "onnx/opset_adapters.h"

namespace twofour::onnx_io {

void concat_scalars(Draft& draft);
void resize_without_roi(Draft& draft);
void scatter_along_axis(Draft& draft);
void top_k_to_input(Draft& draft);
void upsample_to_resize(Draft& draft);

}  // namespace twofour::onnx_io
