// What Attention and its quantised form share.
#pragma once

#include "onnx/vendor/emit.h"

namespace twofour::onnx_io {

struct Projected {
  Value* qkv;   // [batch, sequence, hidden sizes of Q, K and V]
  Value* mask;  // the others may be null
  Value* past;  // [2, batch, heads, sequence, size]
  Value* bias;  // of the scores
};
/// Attention of Q, K and V that are projected already; attributes and results are those of Attention.
void attend_projected(const Emit& emit, const Projected& in, Draft& draft);

}  // namespace twofour::onnx_io
