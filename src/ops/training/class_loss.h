// What the losses of classification share: SoftmaxCrossEntropyLoss and NegativeLogLikelihoodLoss. Scores are
// [N,C,d...], labels [N,d...]; every label is a row of C scores.
#pragma once

#include <string>
#include <vector>

#include "ops/builder.h"
#include "ops/infer.h"

namespace twofour::ops {

/// Attribute reduction: "mean", "sum" or "none". Throws Error{kInvalidArgument} on another.
std::string reduction_of(const Attrs& attrs);

/// Checks scores, labels and class weights, which are the inputs `first`, `first` + 1 and `first` + 2.
void check_class_loss(const Node& node, size_t first);
/// The loss' dims: none, or with reduction=none those of the labels.
Dims class_loss_dims(const Attrs& attrs, const ValueType& scores);

/// The rows of one batch. Row r counts with scale[r]: 0 when it is ignored; with reduction=mean the class
/// weights of the labels add up to 1.
struct ClassRows {
  int64_t classes;
  int64_t inner;  // distance of one class to the next, in elements
  std::vector<int64_t> labels;
  std::vector<double> scale;
  std::vector<double> class_weights;

  /// Where the scores of row r begin.
  int64_t offset(size_t r) const {
    const auto row = static_cast<int64_t>(r);
    return row / inner * inner * classes + row % inner;
  }
  double weight_of_label(size_t r) const {
    return scale[r] == 0 ? 0 : class_weights[static_cast<size_t>(labels[r])];
  }
};

/// `weights` may be undefined. Throws Error{kInvalidArgument} on a label that is neither a class nor ignored.
ClassRows read_class_rows(const Attrs& attrs, const Shape& scores, const Tensor& labels,
                          const Tensor& weights);

}  // namespace twofour::ops
