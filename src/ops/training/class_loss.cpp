#include "ops/training/class_loss.h"

namespace twofour::ops {
namespace {

Dims dims_of_labels(const ValueType& scores) {
  Dims dims = scores.dims;
  dims.erase(dims.begin() + 1);
  return dims;
}

}  // namespace

std::string reduction_of(const Attrs& attrs) {
  std::string name = attrs.s("reduction", "mean");
  TWOFOUR_CHECK(name == "mean" || name == "sum" || name == "none", kInvalidArgument,
                "reduction \"{}\" is not known; mean, sum and none are", name);
  return name;
}

void check_class_loss(const Node& node, size_t first) {
  const ValueType& scores = node.input(first)->type();
  check_float(scores, "scores");
  TWOFOUR_CHECK(scores.dims.size() >= 2 && scores.dims[1] != Dim(0), kInvalidArgument,
                "scores are {}; N,C,... with C > 0 is expected", scores.to_string());
  check_index(node.input(first + 1)->type(), "labels");
  check_dims(node.input(first + 1)->type(), dims_of_labels(scores), "labels");
  if (const Value* weights = node.input(first + 2)) {
    check_dtype(weights->type(), scores.dtype, "weights");
    check_dims(weights->type(), {scores.dims[1]}, "weights");
  }
}

Dims class_loss_dims(const Attrs& attrs, const ValueType& scores) {
  return reduction_of(attrs) == "none" ? dims_of_labels(scores) : Dims{};
}

ClassRows read_class_rows(const Attrs& attrs, const Shape& scores, const Tensor& labels,
                          const Tensor& weights) {
  ClassRows rows = {.classes = scores[1],
                    .inner = scores.numel(2, scores.rank()),
                    .labels = to_ints(labels),
                    .scale = {},
                    .class_weights = std::vector<double>(static_cast<size_t>(scores[1]), 1.0)};
  if (weights.defined()) std::ranges::copy(weights.span<float>(), rows.class_weights.begin());
  const bool ignores = attrs.has("ignore_index");
  const int64_t ignored = attrs.i("ignore_index", 0);
  double total = 0;
  for (size_t r = 0; r < rows.labels.size(); ++r) {
    const int64_t label = rows.labels[r];
    const bool skip = ignores && label == ignored;
    TWOFOUR_CHECK(skip || (label >= 0 && label < rows.classes), kInvalidArgument,
                  "label {} is outside [0, {})", label, rows.classes);
    rows.scale.push_back(skip ? 0 : 1);
    total += rows.weight_of_label(r);
  }
  if (reduction_of(attrs) == "mean" && total != 0)
    for (double& scale : rows.scale) scale /= total;
  return rows;
}

}  // namespace twofour::ops
