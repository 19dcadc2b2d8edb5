// GroupQueryAttention: heads that share keys and values, a cache that goes on, rotary positions.
#include "onnx/vendor/adapters.h"
#include "onnx/vendor/attention_core.h"

namespace twofour::onnx_io {
namespace {

constexpr size_t kQuery = 0, kKey = 1, kValue = 2, kPastKey = 3, kPastValue = 4, kSeqLens = 5, kTotal = 6,
                 kCos = 7, kSin = 8, kPositions = 9, kBias = 10, kSink = 11, kScaleK = 12, kScaleV = 13,
                 kNormQ = 14, kNormK = 15, kQueryLens = 16;

void refuse_other_caches(const Draft& draft) {
  refuse_set(draft, {"qk_output", "sliding_window_cache", "kv_cache_bit_width"});
  for (const char* name : {"k_quant_type", "v_quant_type"})
    TWOFOUR_CHECK(draft.attrs.s(name, "NONE") == "NONE", kUnsupported, "a quantised cache is not supported");
  TWOFOUR_CHECK(!draft.input(kScaleK) && !draft.input(kScaleV), kUnsupported,
                "a quantised cache is not supported");
  TWOFOUR_CHECK(!draft.input(kQueryLens), kUnsupported, "query_seqlens is not supported");
  TWOFOUR_CHECK((draft.input(kPastKey) != nullptr) == (draft.input(kPastValue) != nullptr), kInvalidArgument,
                "past_key and past_value go together");
}

struct QKV {
  Value *q, *k, *v;
};

QKV heads_of_inputs(const Emit& emit, const Draft& draft) {
  const int64_t heads = draft.attrs.i("num_heads", 0);
  const int64_t groups = draft.attrs.i("kv_num_heads", 0);
  check_rank(draft.input(kQuery), 3, "query");
  const int64_t hidden = known_size(draft.input(kQuery), 2, "query");
  TWOFOUR_CHECK(heads >= 1 && heads <= hidden && groups >= 1 && groups <= heads, kInvalidArgument,
                "{} heads and {} of keys do not fit {} features", heads, groups, hidden);
  Value *q = draft.input(kQuery), *k = draft.input(kKey), *v = draft.input(kValue);
  if (!k) {
    const int64_t size = hidden / (heads + 2 * groups);
    const std::vector<Value*> parts = emit.split(q, 2, {heads * size, groups * size, groups * size});
    q = parts[0], k = parts[1], v = parts[2];
  }
  TWOFOUR_CHECK(v, kInvalidArgument, "value is missing");
  return {split_heads(emit, q, heads), split_heads(emit, k, groups), split_heads(emit, v, groups)};
}

/// Each head by the root of its mean square.
Value* normalised(const Emit& emit, const Draft& draft, Value* heads, size_t weight, const char* epsilon) {
  if (!draft.input(weight)) return heads;
  return emit.op(
      "RMSNormalization", {heads, draft.input(weight)},
      {{"axis", int64_t{-1}}, {"epsilon", draft.attrs.f(epsilon, draft.attrs.f("qk_norm_epsilon", 1e-6F))}});
}

/// The cache with `now` written at `first` [batch], lengthened to `total` where it is shorter: by no more
/// than there are new tokens, and by those that it has no place for.
Value* written(const Emit& emit, Value* past, Value* now, Value* first, Value* total) {
  if (!past) return now;
  check_rank(past, 4, "past_key and past_value");
  Value *tokens = emit.size(now, 2), *places = emit.size(past, 2);
  Value* least = emit.op("Max", {emit.op("Sub", {tokens, places}), emit.i64({0})});
  Value* missing = emit.op("Min", {emit.op("Max", {emit.op("Sub", {total, places}), least}), tokens});
  Value* shape = emit.concat({emit.size(past, 0), emit.size(past, 1), missing, emit.size(past, 3)}, 0);
  Value* zeros = emit.op("ConstantOfShape", {shape}, {{"value", Tensor(past->dtype(), {1})}});
  return emit.op("TensorScatter", {emit.concat({past, zeros}, 2), now, first}, {{"axis", int64_t{2}}});
}

}  // namespace

void ms_group_query_attention(Draft& draft) {
  refuse_other_caches(draft);
  const Emit emit(draft);
  QKV now = heads_of_inputs(emit, draft);
  now.q = normalised(emit, draft, now.q, kNormQ, "q_norm_epsilon");
  now.k = normalised(emit, draft, now.k, kNormK, "k_norm_epsilon");
  // Where the new tokens of each item stand, [batch].
  Value* queries = emit.size(now.q, 2);
  Value* length = emit.add(emit.cast(emit.reshape(draft.input(kSeqLens), {-1}), DType::kI64), emit.i64({1}));
  Value* first = emit.op("Max", {emit.op("Sub", {length, queries}), emit.i64({0})});
  Value* positions = emit.add(emit.unsqueeze(first, {1}), emit.unsqueeze(emit.counting(queries), {0}));
  if (draft.attrs.i("do_rotary", 0) != 0) {
    TWOFOUR_CHECK(draft.input(kCos) && draft.input(kSin), kInvalidArgument,
                  "do_rotary needs cos_cache and sin_cache");
    Value* angles = draft.input(kPositions) ? draft.input(kPositions) : positions;
    const bool interleaved = draft.attrs.i("rotary_interleaved", 0) != 0;
    for (Value** heads : {&now.q, &now.k})
      *heads = rotate(emit, *heads, draft.input(kCos), draft.input(kSin), angles, interleaved);
  }
  Value* total = emit.cast(emit.reshape(draft.input(kTotal), {1}), DType::kI64);
  Value* key = written(emit, draft.input(kPastKey), now.k, first, total);
  Value* value = written(emit, draft.input(kPastValue), now.v, first, total);
  const auto seen = [&](Value* cache) {
    return draft.input(kPastKey) ? emit.slice(cache, 2, emit.i64({0}), total) : cache;
  };
  HeadInputs core{now.q, seen(key), seen(value), {}};
  core.scale = attention_scale(draft, core.q);
  core.softcap = draft.attrs.f("softcap", 0);
  core.sink = draft.input(kSink);
  if (!core.sink && draft.attrs.i("smooth_softmax", -1) == 1)
    core.sink = emit.constant(Tensor(now.q->dtype(), {known_size(now.q, 1, "query")}));
  if (draft.input(kBias)) core.biases.push_back(draft.input(kBias));
  // As [batch, 1, queries or 1, keys].
  const bool causal = draft.attrs.i("causal", 1) != 0;
  Value* last = causal ? positions : emit.unsqueeze(emit.op("Sub", {length, emit.i64({1})}), {1});
  core.biases.push_back(causal_bias(emit, emit.unsqueeze(last, {1, 3}),
                                    key_positions(emit, emit.size(core.k, 2)),
                                    causal ? draft.attrs.i("local_window_size", -1) : -1, now.q->dtype()));
  draft.results.emplace({attend(emit, core), key, value});
}

}  // namespace twofour::onnx_io
