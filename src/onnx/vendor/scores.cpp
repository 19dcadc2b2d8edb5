#include "onnx/vendor/scores.h"

#include <numbers>

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

/// sqrt(2) * erfinv(2 * score - 1), erfinv being S. Winitzki's approximation, as ONNX Runtime has it.
Value* probit(const Emit& emit, Value* scores) {
  constexpr float kA = 0.147F;
  constexpr auto kRoot = std::numbers::sqrt2_v<float>;
  const auto number = [&](float v) { return emit.scalar(v, scores->dtype()); };
  Value* x = emit.op("Sub", {emit.scaled(scores, 2), number(1)});
  Value* log = emit.op("Log", {emit.mul(emit.op("Sub", {number(1), x}), emit.add(number(1), x))});
  Value* v = emit.add(number(2 / (std::numbers::pi_v<float> * kA)), emit.scaled(log, 0.5F));
  Value* square = emit.op("Sub", {emit.mul(v, v), emit.scaled(log, 1 / kA)});
  Value* size = emit.op("Sqrt", {emit.op("Sub", {emit.op("Sqrt", {square}), v})});
  Value* negative = emit.op("Less", {x, number(0)});
  return emit.mul(size, emit.op("Where", {negative, number(-kRoot), number(kRoot)}));
}

}  // namespace

Labels labels_of(Draft& draft, const char* ints, const char* strings) {
  if (draft.attrs.has(ints)) {
    std::vector<int64_t> labels = draft.attrs.ints(ints);
    const auto count = static_cast<int64_t>(labels.size());
    return {std::move(labels), count};
  }
  TWOFOUR_CHECK(draft.attrs.has(strings), kInvalidArgument, "there are neither {} nor {}", ints, strings);
  draft.makes_strings = true;
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
  if (transform == "PROBIT") return probit(emit, scores);
  TWOFOUR_CHECK(transform == "SOFTMAX_ZERO", kUnsupported,
                "post_transform is \"{}\"; NONE, SOFTMAX, LOGISTIC, SOFTMAX_ZERO and PROBIT are supported",
                transform);
  return softmax_zero(emit, scores);
}

Value* transformed_targets(const Emit& emit, Value* scores, int64_t targets, const std::string& transform) {
  return targets == 1 && transform != "PROBIT" ? scores : transformed(emit, scores, transform);
}

void check_one_score(const std::string& transform) {
  TWOFOUR_CHECK(transform != "PROBIT", kUnsupported,
                "post_transform PROBIT of one score for two classes is not supported");
}

Value* pair_of_scores(const Emit& emit, Value* score, bool probability, const std::string& transform) {
  const bool logistic = transform == "LOGISTIC";
  Value* other = probability && !logistic ? emit.op("Sub", {emit.scalar(1, score->dtype()), score})
                                          : emit.op("Neg", {score});
  Value* both = emit.concat({other, score}, 1);
  return logistic ? emit.op("Sigmoid", {both}) : both;
}

}  // namespace twofour::onnx_io
