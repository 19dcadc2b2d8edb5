#include "onnx/vendor/attention_core.h"

#include <cmath>
#include <limits>

#include "ops/infer.h"

namespace twofour::onnx_io {
namespace {

Value* softmax(const Emit& emit, Value* scores) {
  return emit.op("Softmax", {scores}, {{"axis", int64_t{-1}}});
}

/// The queries of all heads that share one of K's, as rows of one matrix.
Value* grouped(const Emit& emit, Value* src, int64_t groups, int64_t size) {
  return emit.op("Reshape", {src, emit.concat({emit.size(src, 0), emit.i64({groups, -1, size})}, 0)});
}

Value* weights(const Emit& emit, Value* scores, Value* sink) {
  if (!sink) return softmax(emit, scores);
  Value* column = emit.op(
      "Expand", {emit.reshape(sink, {1, -1, 1, 1}),
                 emit.concat({emit.size(scores, 0), emit.i64({1}), emit.size(scores, 2), emit.i64({1})}, 0)});
  Value* all = softmax(emit, emit.concat({scores, column}, -1));
  return emit.slice(all, -1, emit.i64({0}), emit.i64({-1}));
}

Value* lowest(const Emit& emit, DType dtype) {
  return emit.scalar(dtype == DType::kF16 ? -65504.0F : std::numeric_limits<float>::lowest(), dtype);
}

}  // namespace

Value* split_heads(const Emit& emit, Value* src, int64_t heads) {
  check_rank(src, 3, "the input of the heads");
  const int64_t hidden = known_size(src, 2, "the input of the heads");
  TWOFOUR_CHECK(heads >= 1 && hidden % heads == 0, kInvalidArgument, "{} features do not make {} heads",
                hidden, heads);
  return emit.transpose(emit.reshape(src, {0, 0, heads, hidden / heads}), {0, 2, 1, 3});
}

Value* join_heads(const Emit& emit, Value* heads, int64_t hidden) {
  return emit.reshape(emit.transpose(heads, {0, 2, 1, 3}), {0, 0, hidden});
}

float attention_scale(const Draft& draft, const Value* q) {
  const float given = draft.attrs.f("scale", 0);
  if (given != 0) return given;
  return static_cast<float>(1 / std::sqrt(static_cast<double>(known_size(q, 3, "query"))));
}

Value* attend(const Emit& emit, const HeadInputs& in) {
  const int64_t heads = known_size(in.q, 1, "query");
  const int64_t size = known_size(in.q, 3, "query");
  const int64_t groups = known_size(in.k, 1, "key");
  const int64_t value_size = known_size(in.v, 3, "value");
  TWOFOUR_CHECK(groups >= 1 && heads % groups == 0, kInvalidArgument,
                "{} heads cannot share {} heads of keys", heads, groups);
  const bool shared = groups != heads;
  Value* q = shared ? grouped(emit, in.q, groups, size) : in.q;
  Value* scores = emit.scaled(emit.op("MatMul", {q, emit.transpose(in.k, {0, 1, 3, 2})}), in.scale);
  if (in.softcap > 0)
    scores = emit.scaled(emit.op("Tanh", {emit.scaled(scores, 1 / in.softcap)}), in.softcap);
  Value* rows = emit.size(in.q, 2);
  Value* keys = emit.size(in.k, 2);
  const auto as_heads = [&](Value* src, Value* last) {
    Value* shape = emit.concat({emit.size(in.q, 0), emit.i64({heads}), rows, last}, 0);
    return shared ? emit.op("Reshape", {src, shape}) : src;
  };
  scores = as_heads(scores, keys);
  for (Value* bias : in.biases) scores = emit.add(scores, bias);
  Value* weight = weights(emit, scores, in.sink);
  if (shared)
    weight = emit.op("Reshape", {weight, emit.concat({emit.size(in.q, 0), emit.i64({groups, -1}), keys}, 0)});
  Value* result = as_heads(emit.op("MatMul", {weight, in.v}), emit.i64({value_size}));
  return join_heads(emit, result, heads * value_size);
}

Value* query_positions(const Emit& emit, Value* queries, Value* keys) {
  Value* first = emit.op("Sub", {keys, queries});
  return emit.unsqueeze(emit.add(emit.counting(queries), first), {1});
}

Value* key_positions(const Emit& emit, Value* keys) { return emit.unsqueeze(emit.counting(keys), {0}); }

Value* causal_bias(const Emit& emit, Value* query, Value* key, int64_t window, DType dtype) {
  Value* seen = emit.op("GreaterOrEqual", {query, key});
  if (window >= 0) {
    const Tensor size = Tensor::of<int64_t>({}, std::span<const int64_t>(&window, 1));
    seen = emit.op("And", {seen, emit.op("Less", {emit.op("Sub", {query, key}), emit.constant(size)})});
  }
  return emit.op("Where", {seen, emit.scalar(0, dtype), lowest(emit, dtype)});
}

Value* mask_bias(const Emit& emit, Value* mask, Value* q, Value* k, float filter) {
  TWOFOUR_CHECK(mask->type().known, kUnsupported, "the rank of the mask is not known");
  const size_t rank = mask->rank();
  TWOFOUR_CHECK(rank >= 1 && rank <= 3, kUnsupported, "the mask is {}; one to three dimensions are supported",
                mask->type().to_string());
  Value* seen = nullptr;
  if (rank == 1) {
    const Dim& batch = q->dims()[0];
    const bool both = mask->dims()[0].known() && batch.known() && mask->dims()[0].value == 2 * batch.value;
    TWOFOUR_CHECK(both || ops::dims_fit(mask->dims()[0], batch), kUnsupported,
                  "the mask is {} for a batch of {}; as many elements are supported, or twice as many",
                  mask->type().to_string(), batch.to_string());
    Value* keys = emit.cast(key_positions(emit, emit.size(k, 2)), DType::kI32);
    Value* ends = both ? emit.slice(mask, 0, emit.i64({0}), emit.i64({batch.value})) : mask;
    seen = emit.op("Less", {keys, emit.unsqueeze(ends, {1})});
    if (both) {
      Value* starts = emit.slice(mask, 0, emit.i64({batch.value}), emit.i64({2 * batch.value}));
      seen = emit.op("And", {seen, emit.op("GreaterOrEqual", {keys, emit.unsqueeze(starts, {1})})});
    }
  } else {
    seen = emit.op("Greater", {mask, emit.scalar(0, mask->dtype())});
  }
  Value* bias = emit.op("Where", {seen, emit.scalar(0, q->dtype()), emit.scalar(filter, q->dtype())});
  return emit.unsqueeze(bias, rank == 3 ? std::vector<int64_t>{1} : std::vector<int64_t>{1, 2});
}

}  // namespace twofour::onnx_io
