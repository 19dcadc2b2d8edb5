// Adapters of layers and indexing ops, for the table in opset_adapters.cpp.
#pragma once

#include "onnx/opset_adapters.h"

namespace twofour::onnx_io {

void batch_norm_by_outputs(Draft& draft);
void batch_norm_training(Draft& draft);
void concat_scalars(Draft& draft);
void dft_axis_to_input(Draft& draft);
void grid_sample_modes(Draft& draft);
void group_norm_per_channel(Draft& draft);
void resize_without_roi(Draft& draft);
void roi_align_unshifted(Draft& draft);
void scatter_along_axis(Draft& draft);
void top_k_to_input(Draft& draft);
void upsample_to_resize(Draft& draft);

}  // namespace twofour::onnx_io
