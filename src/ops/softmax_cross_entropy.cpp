// SoftmaxCrossEntropyLoss and its gradient with respect to the scores, which recomputes the softmax.
#include <algorithm>
#include <cmath>

#include "ops/builder.h"
#include "ops/infer.h"

namespace twofour::ops {
namespace {

/// What the attributes say and the labels are; row n counts with weight[n] (0: ignored, 1/count: mean).
struct Rows {
  int64_t classes;
  double smoothing;
  std::vector<int64_t> labels;
  std::vector<double> weight;
};

std::string reduction(const Attrs& attrs) {
  const std::string name = attrs.s("reduction", "mean");
  TWOFOUR_CHECK(name == "mean" || name == "sum" || name == "none", kInvalidArgument,
                "reduction \"{}\" is not known; mean, sum and none are", name);
  return name;
}

double label_smoothing(const Attrs& attrs) {
  const float value = attrs.f("label_smoothing", 0);
  TWOFOUR_CHECK(value >= 0 && value <= 1, kInvalidArgument, "label_smoothing is {}; it must be in [0, 1]",
                value);
  return value;
}

Rows read_rows(const Attrs& attrs, const Tensor& scores, const Tensor& labels) {
  Rows rows = {scores.shape()[1], label_smoothing(attrs), to_ints(labels), {}};
  const bool ignores = attrs.has("ignore_index");
  const int64_t ignored = attrs.i("ignore_index", 0);
  for (const int64_t label : rows.labels) {
    const bool skip = ignores && label == ignored;
    TWOFOUR_CHECK(skip || (label >= 0 && label < rows.classes), kInvalidArgument,
                  "label {} is outside [0, {})", label, rows.classes);
    rows.weight.push_back(skip ? 0 : 1);
  }
  const auto counted = static_cast<double>(std::ranges::count(rows.weight, 1.0));
  if (reduction(attrs) == "mean" && counted > 0)
    for (double& weight : rows.weight) weight /= counted;
  return rows;
}

/// log(softmax) of one row.
std::vector<double> log_softmax(const float* scores, int64_t classes) {
  std::vector<double> row(scores, scores + classes);
  const double most = *std::ranges::max_element(row);
  double sum = 0;
  for (double& v : row) sum += std::exp(v -= most);
  for (double& v : row) v -= std::log(sum);
  return row;
}

void check_inputs(const Node& node, size_t first) {
  const ValueType& scores = node.input(first)->type();
  check_float(scores, "scores");
  TWOFOUR_CHECK(scores.dims.size() == 2 && scores.dims[1] != Dim(0), kUnsupported,
                "scores are {}; N,C is supported", scores.to_string());
  check_index(node.input(first + 1)->type(), "labels");
  check_dims(node.input(first + 1)->type(), {scores.dims[0]}, "labels");
  label_smoothing(node.attrs());
}

void infer(const Node& node, std::span<ValueType> outputs) {
  check_inputs(node, 0);
  const ValueType& scores = node.input(0)->type();
  outputs[0] = {scores.dtype, reduction(node.attrs()) == "none" ? Dims{scores.dims[0]} : Dims{}};
  if (outputs.size() > 1) outputs[1] = scores;
}

void reference(const ReferenceArgs& args) {
  const Rows rows = read_rows(args.attrs, args.inputs[0], args.inputs[1]);
  const bool each = reduction(args.attrs) == "none";
  const float* scores = args.inputs[0].span<float>().data();
  const auto loss = args.outputs[0].span<float>();
  double total = 0;
  for (size_t n = 0; n < rows.labels.size(); ++n) {
    const std::vector<double> row =
        log_softmax(scores + static_cast<int64_t>(n) * rows.classes, rows.classes);
    double sum = 0;
    for (const double v : row) sum += v;
    const double picked = rows.weight[n] > 0 ? row[static_cast<size_t>(rows.labels[n])] : 0;
    const double term = -rows.weight[n] * ((1 - rows.smoothing) * picked +
                                           rows.smoothing * sum / static_cast<double>(rows.classes));
    if (each) loss[n] = static_cast<float>(term);
    total += term;
    if (args.outputs.size() > 1)
      std::ranges::transform(row,
                             args.outputs[1].span<float>().begin() + static_cast<int64_t>(n) * rows.classes,
                             [](double v) { return static_cast<float>(v); });
  }
  if (!each) loss[0] = static_cast<float>(total);
}

std::vector<Value*> grad(const GradArgs& args) {
  Builder& b = args.builder;
  Value* scores = args.node.input(0);
  Value* result = nullptr;
  if (args.grad_outputs[0])
    result = b.op("SoftmaxCrossEntropyGrad", {args.grad_outputs[0], scores, args.node.input(1)},
                  args.node.attrs());
  if (args.grad_outputs.size() > 1 && args.grad_outputs[1]) {
    Value* dlog = args.grad_outputs[1];
    Value* direct = b.sub(dlog, b.mul(b.op("Exp", {args.node.output(1)}), b.reduce_sum(dlog, {1}, true)));
    result = result ? b.add(result, direct) : direct;
  }
  return {result, nullptr};
}

void infer_grad(const Node& node, std::span<ValueType> outputs) {
  check_inputs(node, 1);
  const ValueType& scores = node.input(1)->type();
  check_dtype(node.input(0)->type(), scores.dtype, "grad_loss");
  check_dims(node.input(0)->type(), reduction(node.attrs()) == "none" ? Dims{scores.dims[0]} : Dims{},
             "grad_loss");
  outputs[0] = scores;
}

void reference_grad(const ReferenceArgs& args) {
  const Rows rows = read_rows(args.attrs, args.inputs[1], args.inputs[2]);
  const auto dy = args.inputs[0].span<float>();
  const float* scores = args.inputs[1].span<float>().data();
  float* dst = args.outputs[0].span<float>().data();
  const double share = rows.smoothing / static_cast<double>(rows.classes);
  for (size_t n = 0; n < rows.labels.size(); ++n) {
    const std::vector<double> row =
        log_softmax(scores + static_cast<int64_t>(n) * rows.classes, rows.classes);
    const double factor = rows.weight[n] * double{dy[dy.size() == 1 ? 0 : n]};
    for (int64_t c = 0; c < rows.classes; ++c) {
      const double target = share + (c == rows.labels[n] ? 1 - rows.smoothing : 0);
      *dst++ = static_cast<float>(factor * (std::exp(row[static_cast<size_t>(c)]) - target));
    }
  }
}

ExampleInput labels(std::vector<float> values) {
  const auto count = static_cast<int64_t>(values.size());
  return {.dtype = DType::kI64, .shape = {count}, .values = std::move(values)};
}

}  // namespace

extern const OpDef kSoftmaxCrossEntropyLoss;
const OpDef kSoftmaxCrossEntropyLoss = {
    .name = "SoftmaxCrossEntropyLoss",
    .doc =
        "loss = -sum over c of target[n,c] * log_prob[n,c], reduced over n; target is the label's one-hot "
        "row, "
        "mixed with label_smoothing / C (our extension). log_prob = LogSoftmax(scores).",
    .inputs = {{"scores"}, {.name = "labels", .state = true}},
    .outputs = {{"loss"}, {.name = "log_prob", .optional = true}},
    .attrs = {"ignore_index", "label_smoothing", "reduction"},
    .infer = infer,
    .reference = reference,
    .grad = Grad(grad, "labels are not numbers to differentiate by"),
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
                  .attrs = {{"reduction", std::string("none")}}}},
};

extern const OpDef kSoftmaxCrossEntropyGrad;
const OpDef kSoftmaxCrossEntropyGrad = {
    .name = "SoftmaxCrossEntropyGrad",
    .doc = "grad_scores[n,c] = grad_loss * weight of row n * (softmax(scores)[n,c] - target[n,c]).",
    .standard = false,
    .inputs = {{"grad_loss"}, {"scores"}, {.name = "labels", .state = true}},
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
                  .attrs = {{"reduction", std::string("none")}}}},
};

}  // namespace twofour::ops
