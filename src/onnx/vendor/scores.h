// From scores to labels and probabilities: what the classifiers of ai.onnx.ml share. Scores are [rows,
// classes].
#pragma once

#include <string>

#include "onnx/vendor/emit.h"

namespace twofour::onnx_io {

/// Class labels of a classifier. Those that are strings have a count only.
struct Labels {
  std::vector<int64_t> ints;
  int64_t count;
};
/// Throws Error{kInvalidArgument} when the node has neither attribute.
Labels labels_of(const Draft& draft, const char* ints, const char* strings);

/// The label of a class by its number; null for strings.
Value* label(const Emit& emit, const Labels& labels, Value* number);
Value* label_of_most(const Emit& emit, const Labels& labels, Value* scores);
/// Attribute post_transform. Throws Error{kUnsupported} on PROBIT and unknown names.
Value* transformed(const Emit& emit, Value* scores, const std::string& transform);
/// Of a score [rows, 1] for the second of two classes, those of both: (1 - s, s) for `probability`, else (-s,
/// s); LOGISTIC makes it (logistic(-s), logistic(s)).
Value* pair_of_scores(const Emit& emit, Value* score, bool probability, const std::string& transform);

}  // namespace twofour::onnx_io
