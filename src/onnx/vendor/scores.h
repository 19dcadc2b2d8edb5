// From scores to labels and probabilities: what the classifiers of ai.onnx.ml share. Scores are [rows,
// classes].
#pragma once

#include <string>

#include "onnx/vendor/emit.h"

namespace twofour::onnx_io {

/// Class labels of a classifier. Those that are strings have a count only, and draft.makes_strings.
struct Labels {
  std::vector<int64_t> ints;
  int64_t count;
};
/// Throws Error{kInvalidArgument} when the node has neither attribute.
Labels labels_of(Draft& draft, const char* ints, const char* strings);

/// The label of a class by its number; null for strings.
Value* label(const Emit& emit, const Labels& labels, Value* number);
Value* label_of_most(const Emit& emit, const Labels& labels, Value* scores);
/// Attribute post_transform. Throws Error{kUnsupported} on unknown names.
Value* transformed(const Emit& emit, Value* scores, const std::string& transform);
/// The same for a regressor, whose single target only PROBIT changes: the others start at two in ONNX
/// Runtime.
Value* transformed_targets(const Emit& emit, Value* scores, int64_t targets, const std::string& transform);
/// Throws Error{kUnsupported} on what pair_of_scores has no meaning for: PROBIT.
void check_one_score(const std::string& transform);
/// Of a score [rows, 1] for the second of two classes, those of both: (1 - s, s) for `probability`, else (-s,
/// s); LOGISTIC makes it (logistic(-s), logistic(s)).
Value* pair_of_scores(const Emit& emit, Value* score, bool probability, const std::string& transform);

}  // namespace twofour::onnx_io
