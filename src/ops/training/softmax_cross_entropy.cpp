// SoftmaxCrossEntropyLoss and its gradient with respect to the scores, which recomputes the softmax.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "ops/domain.h"
#include "ops/training/class_loss.h"

namespace twofour::ops {
namespace {

double label_smoothing(const Attrs& attrs) {
  const float value = attrs.f("label_smoothing", 0);
  TWOFOUR_CHECK(value >= 0 && value <= 1, kInvalidArgument, "label_smoothing is {}; it must be in [0, 1]",
                value);
  return value;
}

/// What row r's scores should be, times its class weights: the label's one-hot row, smoothed.
std::vector<double> weighted_target(const ClassRows& rows, size_t r, double smoothing) {
  std::vector<double> target = rows.class_weights;
  for (double& v : target) v *= smoothing / static_cast<double>(rows.classes);
  if (rows.scale[r] != 0)
    target[static_cast<size_t>(rows.labels[r])] += (1 - smoothing) * rows.weight_of_label(r);
  return target;
}

/// log(softmax) of row r.
std::vector<double> log_softmax(const float* scores, const ClassRows& rows, size_t r) {
  std::vector<double> row;
  for (int64_t c = 0; c < rows.classes; ++c) row.push_back(scores[rows.offset(r) + c * rows.inner]);
  const double most = *std::ranges::max_element(row);
  double sum = 0;
  for (double& v : row) sum += std::exp(v -= most);
  for (double& v : row) v -= std::log(sum);
  return row;
}

void infer(const Node& node, std::span<ValueType> outputs) {
  check_class_loss(node, 0);
  label_smoothing(node.attrs());
  const ValueType& scores = node.input(0)->type();
  outputs[0] = {scores.dtype, class_loss_dims(node.attrs(), scores)};
  if (outputs.size() > 1) outputs[1] = scores;
}

void reference(const ReferenceArgs& args) {
  const ClassRows rows =
      read_class_rows(args.attrs, args.inputs[0].shape(), args.inputs[1], input_or_none(args, 2));
  const double smoothing = label_smoothing(args.attrs);
  const bool each = reduction_of(args.attrs) == "none";
  const float* scores = args.inputs[0].span<float>().data();
  const auto loss = args.outputs[0].span<float>();
  double total = 0;
  for (size_t r = 0; r < rows.labels.size(); ++r) {
    const std::vector<double> row = log_softmax(scores, rows, r);
    const std::vector<double> target = weighted_target(rows, r, smoothing);
    double term = 0;
    for (size_t c = 0; rows.scale[r] != 0 && c < row.size(); ++c)
      if (target[c] != 0) term -= rows.scale[r] * target[c] * row[c];
    if (each) loss[r] = static_cast<float>(term);
    total += term;
    if (args.outputs.size() < 2) continue;
    float* log_prob = args.outputs[1].span<float>().data() + rows.offset(r);
    for (size_t c = 0; c < row.size(); ++c)
      log_prob[static_cast<int64_t>(c) * rows.inner] = static_cast<float>(row[c]);
  }
  if (!each) loss[0] = static_cast<float>(total);
}

std::vector<Value*> grad(const GradArgs& args) {
  Builder& b = args.builder;
  Value* result = nullptr;
  if (args.grad_outputs[0])
    result = b.op("SoftmaxCrossEntropyGrad",
                  {args.grad_outputs[0], args.node.input(0), args.node.input(1), args.node.input(2)},
                  args.node.attrs());
  if (args.grad_outputs.size() > 1 && args.grad_outputs[1]) {
    Value* dlog = args.grad_outputs[1];
    Value* direct = b.sub(dlog, b.mul(b.op("Exp", {args.node.output(1)}), b.reduce_sum(dlog, {1}, true)));
    result = result ? b.add(result, direct) : direct;
  }
  std::vector<Value*> grads(args.node.inputs().size(), nullptr);
  grads[0] = result;
  return grads;
}

void infer_grad(const Node& node, std::span<ValueType> outputs) {
  check_class_loss(node, 1);
  label_smoothing(node.attrs());
  const ValueType& scores = node.input(1)->type();
  check_dtype(node.input(0)->type(), scores.dtype, "grad_loss");
  check_dims(node.input(0)->type(), class_loss_dims(node.attrs(), scores), "grad_loss");
  outputs[0] = scores;
}

void reference_grad(const ReferenceArgs& args) {
  const ClassRows rows =
      read_class_rows(args.attrs, args.inputs[1].shape(), args.inputs[2], input_or_none(args, 3));
  const double smoothing = label_smoothing(args.attrs);
  const bool each = reduction_of(args.attrs) == "none";
  const auto dy = args.inputs[0].span<float>();
  const float* scores = args.inputs[1].span<float>().data();
  for (size_t r = 0; r < rows.labels.size(); ++r) {
    const std::vector<double> row = log_softmax(scores, rows, r);
    const std::vector<double> target = weighted_target(rows, r, smoothing);
    const double mass = std::accumulate(target.begin(), target.end(), 0.0);
    const double factor = rows.scale[r] * double{dy[each ? r : 0]};
    float* dst = args.outputs[0].span<float>().data() + rows.offset(r);
    for (size_t c = 0; c < row.size(); ++c)
      dst[static_cast<int64_t>(c) * rows.inner] =
          static_cast<float>(factor * (mass * std::exp(row[c]) - target[c]));
  }
}

ExampleInput labels(std::vector<float> values) {
  const auto count = static_cast<int64_t>(values.size());
  return {.dtype = DType::kI64, .shape = {count}, .values = std::move(values)};
}

const ExampleInput kLabelsOfTwo = {.dtype = DType::kI64, .shape = {2, 2}, .values = {0, 2, 1, 1}};
const ExampleInput kWeightsOfThree = {.shape = {3}, .values = {0.5F, 2, 1}, .constant = true};

}  // namespace

extern const OpDef kSoftmaxCrossEntropyLoss;
const OpDef kSoftmaxCrossEntropyLoss = {
    .name = "SoftmaxCrossEntropyLoss",
    .doc =
        "loss = -sum over c of target[n,c,...] * log_prob[n,c,...], reduced; target is weights times the "
        "label's one-hot row, mixed with label_smoothing / C (our extension). log_prob = LogSoftmax(scores).",
    .inputs = {{"scores"},
               {.name = "labels", .state = true, .domain = class_numbers},
               {.name = "weights", .optional = true, .state = true}},
    .outputs = {{"loss"}, {.name = "log_prob", .optional = true}},
    .attrs = {"ignore_index", "label_smoothing", "reduction"},
    .infer = infer,
    .reference = reference,
    .grad = Grad(grad, "labels and weights are options"),
    .amp = Amp::kDeny,
    .quant = quant_float("a loss"),
    .sparsity = no_sparsity(),
    .examples = {{.inputs = {{.shape = {3, 5}, .low = -3, .high = 3}, labels({4, 0, 2})}},
                 {.inputs = {{.shape = {4, 3}}, labels({0, 2, 1, 1})},
                  .attrs = {{"reduction", std::string("sum")}, {"label_smoothing", 0.1F}},
                  .num_outputs = 2},
                 {.inputs = {{.shape = {4, 3}}, labels({0, -1, 1, 2})},
                  .attrs = {{"ignore_index", int64_t{-1}}, {"label_smoothing", 0.2F}}},
                 {.inputs = {{.shape = {2, 7}}, labels({6, 3})},
                  .attrs = {{"reduction", std::string("none")}}},
                 {.inputs = {{.shape = {2, 3, 2}}, kLabelsOfTwo, kWeightsOfThree},
                  .attrs = {{"ignore_index", int64_t{2}}},
                  .num_outputs = 2},
                 {.inputs = {{.shape = {2, 3, 2}}, kLabelsOfTwo, kWeightsOfThree},
                  .attrs = {{"reduction", std::string("none")}, {"label_smoothing", 0.1F}}}},
};

extern const OpDef kSoftmaxCrossEntropyGrad;
const OpDef kSoftmaxCrossEntropyGrad = {
    .name = "SoftmaxCrossEntropyGrad",
    .doc = "The gradient of SoftmaxCrossEntropyLoss: grad_loss times softmax(scores) - target, row by row.",
    .standard = false,
    .inputs = {{"grad_loss"},
               {"scores"},
               {.name = "labels", .state = true, .domain = class_numbers},
               {.name = "weights", .optional = true, .state = true}},
    .outputs = {{"grad_scores"}},
    .attrs = {"ignore_index", "label_smoothing", "reduction"},
    .infer = infer_grad,
    .reference = reference_grad,
    .grad = not_differentiable("second derivatives are not supported"),
    .amp = Amp::kDeny,
    .quant = quant_float("a gradient"),
    .sparsity = no_sparsity(),
    .examples = {{.inputs = {{.shape = {}}, {.shape = {3, 5}, .low = -3, .high = 3}, labels({4, 0, 2})},
                  .attrs = {{"label_smoothing", 0.1F}}},
                 {.inputs = {{.shape = {2}}, {.shape = {2, 7}}, labels({6, 3})},
                  .attrs = {{"reduction", std::string("none")}}},
                 {.inputs = {{.shape = {}}, {.shape = {2, 3, 2}}, kLabelsOfTwo, kWeightsOfThree}}},
};

}  // namespace twofour::ops
