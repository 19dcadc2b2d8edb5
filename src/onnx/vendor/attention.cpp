// Attention and MultiHeadAttention.
#include <numeric>

#include "onnx/vendor/adapters.h"
#include "onnx/vendor/attention_core.h"
#include "onnx/vendor/attention_inputs.h"

namespace twofour::onnx_io {
namespace {

constexpr float kFilter = -10000;

Value* appended(const Emit& emit, Value* past, Value* present) {
  return past ? emit.concat({past, present}, 2) : present;
}

void add_masks(const Emit& emit, const Draft& draft, Value* mask, Value* bias, HeadInputs& in) {
  if (mask)
    in.biases.push_back(mask_bias(emit, mask, in.q, in.k, draft.attrs.f("mask_filter_value", kFilter)));
  if (draft.attrs.i("unidirectional", 0) != 0) {
    Value* keys = emit.size(in.k, 2);
    in.biases.push_back(causal_bias(emit, query_positions(emit, emit.size(in.q, 2), keys),
                                    key_positions(emit, keys), -1, in.q->dtype()));
  }
  if (bias) in.biases.push_back(bias);
}

/// The parts [first, first + count) of a packed [batch, sequence, heads, parts, size], as heads.
std::vector<Value*> unpacked(const Emit& emit, Value* packed, int64_t heads, int64_t parts) {
  TWOFOUR_CHECK(
      known_size(packed, 2, "packed heads") == heads && known_size(packed, 3, "packed heads") == parts,
      kInvalidArgument, "packed heads are {}; [batch, sequence, {}, {}, size] is expected",
      packed->type().to_string(), heads, parts);
  std::vector<Value*> result = emit.split(packed, 3, std::vector<int64_t>(static_cast<size_t>(parts), 1));
  for (Value*& part : result) part = emit.transpose(emit.squeeze(part, {3}), {0, 2, 1, 3});
  return result;
}

/// Part [begin, end) of the input projection's bias, added.
Value* with_bias(const Emit& emit, Value* src, Value* bias, int64_t begin, int64_t end) {
  return bias ? emit.add(src, emit.slice(bias, 0, emit.i64({begin}), emit.i64({end}))) : src;
}

struct QKV {
  Value *q, *k, *v;
};

/// Query, key and value of MultiHeadAttention in every form it takes them in.
QKV heads_of_inputs(const Emit& emit, const Draft& draft, int64_t heads) {
  Value *q = draft.input(0), *k = draft.input(1), *v = draft.input(2), *bias = draft.input(3);
  TWOFOUR_CHECK(q->type().known && (!k || k->type().known), kUnsupported,
                "the rank of query or key is not known");
  if (q->rank() == 5) {
    TWOFOUR_CHECK(!k && !v && !bias, kUnsupported, "packed heads go without key, value and bias");
    const std::vector<Value*> parts = unpacked(emit, q, heads, 3);
    return {parts[0], parts[1], parts[2]};
  }
  TWOFOUR_CHECK(k, kInvalidArgument, "key is missing");
  check_rank(q, 3, "query");
  const int64_t hidden = known_size(q, 2, "query");
  q = split_heads(emit, with_bias(emit, q, bias, 0, hidden), heads);
  if (k->rank() == 5) {
    TWOFOUR_CHECK(!v && !bias, kUnsupported, "packed keys and values go without value and bias");
    const std::vector<Value*> parts = unpacked(emit, k, heads, 2);
    return {q, parts[0], parts[1]};
  }
  TWOFOUR_CHECK(v, kInvalidArgument, "value is missing");
  if (k->rank() == 4) return {q, k, v};  // heads already, and their bias is in them
  check_rank(v, 3, "value");
  const int64_t value_hidden = known_size(v, 2, "value");
  return {q, split_heads(emit, with_bias(emit, k, bias, hidden, 2 * hidden), heads),
          split_heads(emit, with_bias(emit, v, bias, 2 * hidden, 2 * hidden + value_hidden), heads)};
}

}  // namespace

void attend_projected(const Emit& emit, const Projected& in, Draft& draft) {
  refuse_set(draft, {"do_rotary", "past_present_share_buffer"});
  const int64_t heads = draft.attrs.i("num_heads", 0);
  const int64_t hidden = known_size(in.qkv, 2, "the projection");
  std::vector<int64_t> sizes = draft.attrs.ints("qkv_hidden_sizes");
  if (sizes.empty()) sizes.assign(3, hidden / 3);
  TWOFOUR_CHECK(sizes.size() == 3 && std::accumulate(sizes.begin(), sizes.end(), int64_t{0}) == hidden,
                kInvalidArgument, "{} columns of weights are not the hidden sizes of Q, K and V", hidden);
  const std::vector<Value*> parts = emit.split(in.qkv, 2, sizes);
  HeadInputs core{split_heads(emit, parts[0], heads),
                  split_heads(emit, parts[1], heads),
                  split_heads(emit, parts[2], heads),
                  {}};
  if (in.past) {
    check_rank(in.past, 5, "past");
    const std::vector<Value*> past = emit.split(in.past, 0, {1, 1});
    core.k = appended(emit, emit.squeeze(past[0], {0}), core.k);
    core.v = appended(emit, emit.squeeze(past[1], {0}), core.v);
  }
  core.scale = attention_scale(draft, core.q);
  add_masks(emit, draft, in.mask, in.bias, core);
  draft.results.emplace(1, attend(emit, core));
  if (draft.num_outputs > 1)
    draft.results->push_back(emit.concat({emit.unsqueeze(core.k, {0}), emit.unsqueeze(core.v, {0})}, 0));
}

void ms_attention(Draft& draft) {
  const Emit emit(draft);
  check_rank(draft.input(0), 3, "input");
  Value* qkv = emit.add_optional(emit.op("MatMul", {draft.input(0), draft.input(1)}), draft.input(2));
  attend_projected(emit, {.qkv = qkv, .mask = draft.input(3), .past = draft.input(4), .bias = draft.input(5)},
                   draft);
}

void ms_multi_head_attention(Draft& draft) {
  const Emit emit(draft);
  const QKV now = heads_of_inputs(emit, draft, draft.attrs.i("num_heads", 0));
  TWOFOUR_CHECK((draft.input(6) != nullptr) == (draft.input(7) != nullptr), kInvalidArgument,
                "past_key and past_value go together");
  HeadInputs core{now.q, appended(emit, draft.input(6), now.k), appended(emit, draft.input(7), now.v), {}};
  core.scale = attention_scale(draft, core.q);
  add_masks(emit, draft, draft.input(4), draft.input(5), core);
  draft.results.emplace({attend(emit, core), core.k, core.v});
}

}  // namespace twofour::onnx_io
