// QLinear operators: an operator between codes, each tensor with its scale and zero point. The operator runs
// on the values that the codes stand for.
#include "onnx/draft_edit.h"
#include "onnx/vendor/adapters.h"
#include "onnx/vendor/quantised.h"
#include "ops/quantisation/quantize.h"

namespace twofour::onnx_io {
namespace {

/// The values of input `i`, which its scale and zero point follow.
Value* values(const Emit& emit, const Draft& draft, size_t i) {
  return dequantised(emit, draft.input(i), draft.input(i + 1), draft.input(i + 2));
}

/// Result: `dst` in codes of the scale `i` and the zero point after it; without one they are those of input
/// 0.
void finish(const Emit& emit, Draft& draft, Value* dst, size_t i) {
  Value* zero_point = draft.input(i + 1);
  if (!zero_point) zero_point = emit.constant(Tensor(draft.input(0)->dtype(), {}));
  draft.results.emplace(1, quantised(emit, dst, draft.input(i), zero_point));
}

void binary(Draft& draft, const char* op) {
  const Emit emit(draft);
  finish(emit, draft, emit.op(op, {values(emit, draft, 0), values(emit, draft, 3)}), 6);
}

void unary(Draft& draft, const char* op, Attrs attrs) {
  const Emit emit(draft);
  finish(emit, draft, emit.op(op, {values(emit, draft, 0)}, std::move(attrs)), 3);
}

std::vector<int64_t> channels_first(size_t rank) {
  std::vector<int64_t> perm = {0, static_cast<int64_t>(rank) - 1};
  for (size_t i = 1; i + 1 < rank; ++i) perm.push_back(static_cast<int64_t>(i));
  return perm;
}

std::vector<int64_t> channels_last(size_t rank) {
  std::vector<int64_t> perm = {0};
  for (size_t i = 2; i < rank; ++i) perm.push_back(static_cast<int64_t>(i));
  perm.push_back(1);
  return perm;
}

/// What `op` makes of `src` (like input 0) when its channels, which come last, come first; then last again.
template <typename Op>
Value* with_channels_first(const Emit& emit, const Draft& draft, Value* src, const Op& op) {
  const size_t rank = rank_of(draft);
  return emit.transpose(op(emit.transpose(src, channels_first(rank))), channels_last(rank));
}

/// The same where attribute channels_last says that they come last.
template <typename Op>
Value* over_images(const Emit& emit, Draft& draft, Value* src, const Op& op) {
  const bool last = draft.attrs.i("channels_last", 0) != 0;
  draft.attrs.erase("channels_last");
  return last ? with_channels_first(emit, draft, src, op) : op(src);
}

void pool(Draft& draft, const char* op) {
  const Emit emit(draft);
  Value* dst = over_images(emit, draft, values(emit, draft, 0),
                           [&](Value* src) { return emit.op(op, {src}, draft.attrs); });
  finish(emit, draft, dst, 3);
}

}  // namespace

void ms_q_linear_add(Draft& draft) { binary(draft, "Add"); }
void ms_q_linear_mul(Draft& draft) { binary(draft, "Mul"); }
void ms_q_linear_sigmoid(Draft& draft) { unary(draft, "Sigmoid", {}); }
void ms_q_linear_leaky_relu(Draft& draft) { unary(draft, "LeakyRelu", draft.attrs); }
void ms_q_linear_average_pool(Draft& draft) { pool(draft, "AveragePool"); }
void ms_q_linear_global_average_pool(Draft& draft) { pool(draft, "GlobalAveragePool"); }

/// Scale and zero point of the result come first.
void ms_q_linear_concat(Draft& draft) {
  const Emit emit(draft);
  TWOFOUR_CHECK(draft.inputs.size() >= 5 && draft.inputs.size() % 3 == 2, kInvalidArgument,
                "it has {} inputs; 2 and then 3 for each tensor are expected", draft.inputs.size());
  std::vector<Value*> parts;
  for (size_t i = 2; i < draft.inputs.size(); i += 3) {
    TWOFOUR_CHECK(draft.input(i) && draft.input(i + 1), kInvalidArgument, "input {} is missing", i);
    parts.push_back(values(emit, draft, i));
  }
  draft.results.emplace(1, quantised(emit, emit.concat(std::move(parts), draft.attrs.i("axis", 0)),
                                     draft.input(0), draft.input(1)));
}

/// Attribute opset says whether the axes from `axis` on are taken together, as before opset 13.
void ms_q_linear_softmax(Draft& draft) {
  const Emit emit(draft);
  const auto rank = static_cast<int64_t>(rank_of(draft));
  const auto axis = static_cast<int64_t>(axis_of(draft, -1));
  Value* src = values(emit, draft, 0);
  const bool together = draft.attrs.i("opset", 0) < 13 && axis != rank - 1;
  if (!together) return finish(emit, draft, emit.op("Softmax", {src}, {{"axis", axis}}), 3);
  Value* rows = emit.op("Softmax", {emit.op("Flatten", {src}, {{"axis", axis}})}, {{"axis", int64_t{1}}});
  finish(emit, draft, emit.op("Reshape", {rows, emit.op("Shape", {src})}), 3);
}

/// With channels last, also for codes of images only.
void ms_nhwc_max_pool(Draft& draft) {
  const Emit emit(draft);
  draft.results.emplace(1, with_channels_first(emit, draft, draft.input(0), [&](Value* src) {
                          return emit.op("MaxPool", {src}, draft.attrs);
                        }));
}

/// Scales and zero points of the weight may be one for each output channel.
void q_linear_conv(Draft& draft) {
  const Emit emit(draft);
  ops::check_scale(draft.input(1)->type(), nullptr, "x_scale");
  Value* weight = dequantised_along(emit, 0, draft.input(3), draft.input(4), draft.input(5));
  Value* bias = dequantised_bias(emit, draft.input(8), draft.input(1), draft.input(4));
  draft.results.emplace(1, over_images(emit, draft, draft.input(0), [&](Value* src) {
                          Value* x = dequantised(emit, src, draft.input(1), draft.input(2));
                          Value* dst = emit.op("Conv", {x, weight, bias}, draft.attrs);
                          return quantised(emit, dst, draft.input(6), draft.input(7));
                        }));
}

void q_linear_matmul(Draft& draft) {
  const Emit emit(draft);
  finish(emit, draft,
         scaled_product(emit, draft.input(0), draft.input(1), draft.input(2), draft.input(3), draft.input(4),
                        draft.input(5)),
         6);
}

}  // namespace twofour::onnx_io
