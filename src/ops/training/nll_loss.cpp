#include <algorithm>

#include "ops/domain.h"
#include "ops/training/class_loss.h"

namespace twofour::ops {
namespace {

void infer(const Node& node, std::span<ValueType> outputs) {
  check_class_loss(node, 0);
  const ValueType& scores = node.input(0)->type();
  outputs[0] = {scores.dtype, class_loss_dims(node.attrs(), scores)};
}

void reference(const ReferenceArgs& args) {
  const ClassRows rows =
      read_class_rows(args.attrs, args.inputs[0].shape(), args.inputs[1], input_or_none(args, 2));
  const bool each = reduction_of(args.attrs) == "none";
  const float* scores = args.inputs[0].span<float>().data();
  const auto loss = args.outputs[0].span<float>();
  double total = 0;
  for (size_t r = 0; r < rows.labels.size(); ++r) {
    const double weight = rows.scale[r] * rows.weight_of_label(r);
    const double term =
        weight == 0 ? 0 : -weight * double{scores[rows.offset(r) + rows.labels[r] * rows.inner]};
    if (each) loss[r] = static_cast<float>(term);
    total += term;
  }
  if (!each) loss[0] = static_cast<float>(total);
}

/// 1 in a tensor that broadcasts to [N,C,d...] for as many axes, `size` for axis 1.
Shape along_classes(int64_t size, size_t rank) {
  Shape shape(std::vector<int64_t>(rank, 1));
  shape[1] = size;
  return shape;
}

/// The class weight at every label's class, 0 elsewhere: [N,C,d...].
Value* weight_of_every_score(Builder& b, const Node& node) {
  const Shape scores = node.input(0)->shape();
  const Shape over_classes = along_classes(scores[1], scores.rank());
  Tensor classes(DType::kI64, over_classes);
  for (size_t c = 0; c < classes.span<int64_t>().size(); ++c)
    classes.span<int64_t>()[c] = static_cast<int64_t>(c);
  Shape with_axis = scores;
  with_axis[1] = 1;
  Value* labels = b.reshape(b.cast(node.input(1), DType::kI64), with_axis);
  Value* weights = node.input(2) ? b.reshape(node.input(2), over_classes) : b.scalar(1);
  Value* is_label = b.op("Equal", {labels, b.constant("classes", classes)});
  Value* weight = b.op("Where", {is_label, weights, b.scalar(0)});
  if (!node.attrs().has("ignore_index")) return weight;
  Value* ignored = b.op("Equal", {labels, b.i64({node.attrs().i("ignore_index", 0)})});
  return b.op("Where", {ignored, b.scalar(0), weight});
}

std::vector<Value*> grad(const GradArgs& args) {
  Builder& b = args.builder;
  const Node& node = args.node;
  Value* weight = weight_of_every_score(b, node);
  Value* dy = args.grad_outputs[0];
  const std::string reduction = reduction_of(node.attrs());
  if (reduction == "none") {
    Shape with_axis = node.input(0)->shape();
    with_axis[1] = 1;
    dy = b.reshape(dy, with_axis);
  }
  if (reduction == "mean") dy = b.div(dy, b.op("ReduceSum", {weight}, {{"keepdims", int64_t{0}}}));
  std::vector<Value*> result(node.inputs().size(), nullptr);
  result[0] = b.neg(b.mul(weight, dy));
  return result;
}

ExampleInput labels(Shape shape, std::vector<float> values) {
  return {.dtype = DType::kI64, .shape = std::move(shape), .values = std::move(values)};
}

}  // namespace

extern const OpDef kNegativeLogLikelihoodLoss;
const OpDef kNegativeLogLikelihoodLoss = {
    .name = "NegativeLogLikelihoodLoss",
    .doc = "loss = -weights[label] * src[n,label,...], reduced; mean divides by the sum of the weights used.",
    .inputs = {{"src"},
               {.name = "labels", .state = true, .domain = class_numbers},
               {.name = "weights", .optional = true, .state = true}},
    .outputs = {{"loss"}},
    .attrs = {"ignore_index", "reduction"},
    .infer = infer,
    .reference = reference,
    .grad = Grad(grad, "labels and weights are options"),
    .amp = Amp::kDeny,
    .quant = quant_float("a loss"),
    .sparsity = no_sparsity(),
    .examples = {{.inputs = {{.shape = {3, 5}}, labels({3}, {4, 0, 2})}},
                 {.inputs = {{.shape = {2, 3, 2}},
                             labels({2, 2}, {0, 2, 1, 1}),
                             {.shape = {3}, .values = {0.5F, 2, 1}, .constant = true}}},
                 {.inputs = {{.shape = {2, 3, 1, 2}}, labels({2, 1, 2}, {0, 1, 1, 2})},
                  .attrs = {{"reduction", std::string("sum")}, {"ignore_index", int64_t{1}}}},
                 {.inputs = {{.shape = {2, 3, 2}},
                             labels({2, 2}, {0, -1, 1, 2}),
                             {.shape = {3}, .values = {0.5F, 2, 1}, .constant = true}},
                  .attrs = {{"reduction", std::string("none")}, {"ignore_index", int64_t{-1}}}}},
};

}  // namespace twofour::ops
