#include "onnx/vendor/scores.h"

namespace twofour::onnx_io {
namespace {

/// Softmax of the scores that are not 0; those stay 0.
Value* softmax_zero(const Emit& emit, Value* scores) {
  const auto over_classes = [&](const char* op, Value* src) {
    return emit.op(op, {src, emit.i64({1})}, {{"keepdims", int64_t{1}}});
  };
  Value* shifted = emit.op("Sub", {scores, over_classes("ReduceMax", scores)});
  Value* is_zero = emit.op("Equal", {scores, emit.scalar(0, scores->dtype())});
  Value* parts = emit.op("Where", {is_zero, emit.scalar(0, scores->dtype()), emit.op("Exp", {shifted})});
  Value* sum = over_classes("ReduceSum", parts);
  Value* none = emit.op("Equal", {sum, emit.scalar(0, scores->dtype())});
  return emit.op("Div", {parts, emit.op("Where", {none, emit.scalar(1, scores->dtype()), sum})});
}

}  // namespace

Labels labels_of(const Draft& draft, const char* ints, const char* strings) {
  if (draft.attrs.has(ints)) {
    std::vector<int64_t> labels = draft.attrs.ints(ints);
    const auto count = static_cast<int64_t>(labels.size());
    return {std::move(labels), count};
  }
  TWOFOUR_CHECK(draft.attrs.has(strings), kInvalidArgument, "there are neither {} nor {}", ints, strings);
  return {{}, static_cast<int64_t>(draft.attrs.strings(strings).size())};
}

Value* label(const Emit& emit, const Labels& labels, Value* number) {
  return labels.ints.empty() ? nullptr : emit.op("Gather", {emit.i64(labels.ints), number});
}

Value* label_of_most(const Emit& emit, const Labels& labels, Value* scores) {
  return label(emit, labels, emit.op("ArgMax", {scores}, {{"axis", int64_t{1}}, {"keepdims", int64_t{0}}}));
}

Value* transformed(const Emit& emit, Value* scores, const std::string& transform) {
  if (transform == "NONE") return scores;
  if (transform == "SOFTMAX") return emit.op("Softmax", {scores}, {{"axis", int64_t{1}}});
  if (transform == "LOGISTIC") return emit.op("Sigmoid", {scores});
  TWOFOUR_CHECK(transform == "SOFTMAX_ZERO", kUnsupported,
                "post_transform is \"{}\"; NONE, SOFTMAX, LOGISTIC and SOFTMAX_ZERO are supported",
                transform);
  return softmax_zero(emit, scores);
}

Value* pair_of_scores(const Emit& emit, Value* score, bool probability, const std::string& transform) {
  TWOFOUR_CHECK(transform != "PROBIT", kUnsupported, "post_transform PROBIT is not supported");
  const bool logistic = transform == "LOGISTIC";
  Value* other = probability && !logistic ? emit.op("Sub", {emit.scalar(1, score->dtype()), score})
                                          : emit.op("Neg", {score});
  Value* both = emit.concat({other, score}, 1);
  return logistic ? emit.op("Sigmoid", {both}) : both;
}

}  // namespace twofour::onnx_io
