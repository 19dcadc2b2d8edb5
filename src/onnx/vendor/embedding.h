// The sum of BERT's embeddings, normalised: what EmbedLayerNormalization and its quantised form share.
#pragma once

#include "onnx/vendor/emit.h"

namespace twofour::onnx_io {

/// Over the last axis.
Value* layer_norm(const Emit& emit, Value* src, Value* scale, Value* bias, float epsilon);

/// Ids are [batch, sequence], tables [rows, hidden]; a null one is absent.
struct Embedding {
  Value *ids, *segment_ids, *position_ids;
  Value *words, *positions, *segments;
  Value *scale, *bias;
  Value* mask;  // [batch, sequence], 1 for a word that counts
};
/// Results of the node: the normalised sum, the number of words per sequence as i32, the sum.
void embed(const Emit& emit, const Embedding& e, Draft& draft);

}  // namespace twofour::onnx_io
