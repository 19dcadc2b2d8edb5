// Scaled dot-product attention from MatMul and Softmax: what the attention operators share. Heads are
// [batch, heads, sequence, size]; "positions" are i64 vectors.
#pragma once

#include "onnx/vendor/emit.h"

namespace twofour::onnx_io {

struct HeadInputs {
  Value *q, *k, *v;            // K and V may have fewer heads, each for a group of Q's
  std::vector<Value*> biases;  // added to the scores; they broadcast to [batch, heads, queries, keys]
  float scale = 1;
  float softcap = 0;      // 0: none
  Value* sink = nullptr;  // [heads]: one more logit for each, with no value behind it
};
/// softmax(softcap(Q K^T * scale) + biases) V as [batch, queries, heads * size].
Value* attend(const Emit& emit, const HeadInputs& in);

/// [batch, sequence, heads * size] as heads.
Value* split_heads(const Emit& emit, Value* src, int64_t heads);
/// Heads as [batch, sequence, hidden].
Value* join_heads(const Emit& emit, Value* heads, int64_t hidden);
/// Rotates features of [batch, heads, sequence, size] by the angles of the i64 positions [batch, sequence]:
/// all, or the first that the caches hold.
Value* rotate(const Emit& emit, Value* heads, Value* cos, Value* sin, Value* positions, bool interleaved);
/// Attribute scale, or 1 / sqrt(size of a head).
float attention_scale(const Draft& draft, const Value* q);

/// 0 where the i64 query position (broadcasting to [.., queries, 1]) is at least the key's (to [.., 1,
/// keys]), and not more than `window` - 1 beyond it unless window is -1; else the lowest number.
Value* causal_bias(const Emit& emit, Value* query, Value* key, int64_t window, DType dtype);
/// Positions of the last of `keys` as [queries, 1], and of all as [1, keys]; sizes as Emit::size gives them.
Value* query_positions(const Emit& emit, Value* queries, Value* keys);
Value* key_positions(const Emit& emit, Value* keys);
/// An i32 mask of ONNX Runtime's as something to add: [batch], exclusive ends; [2 * batch], ends and then
/// starts; [batch, keys] or [batch, queries, keys], 1 where a key counts. What does not count gets `filter`.
Value* mask_bias(const Emit& emit, Value* mask, Value* q, Value* k, float filter);

}  // namespace twofour::onnx_io
