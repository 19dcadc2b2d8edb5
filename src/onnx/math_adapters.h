// Adapters of elementwise, random and quantisation ops, for the table in opset_adapters.cpp.
#pragma once

#include "onnx/opset_adapters.h"

namespace twofour::onnx_io {

/// Element types are numbers in a file and names inside; 0, "as the inputs say", is left out.
void name_dtypes(Draft& draft);
/// CastLike: the type of input 1 is known, so it is a Cast.
void cast_like_to_cast(Draft& draft);
/// Other runtimes take a real signal without the axis of its one part.
void stft_of_real_rows(Draft& draft);
/// Seeds are floats in a file and the integer with the same bits inside.
void seed_from_float(Draft& draft);

}  // namespace twofour::onnx_io
