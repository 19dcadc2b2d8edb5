// Preprocessing and linear models of ai.onnx.ml.
#include "onnx/draft_edit.h"
#include "onnx/vendor/adapters.h"
#include "onnx/vendor/emit.h"
#include "onnx/vendor/scores.h"
#include "ops/infer.h"

namespace twofour::onnx_io {
namespace {

Value* as_f32(const Emit& emit, Value* src) { return emit.cast(src, DType::kF32); }

Value* i64_of(const Emit& emit, Value* src) { return emit.cast(src, DType::kI64); }

void refuse_strings(const Draft& draft, std::initializer_list<const char*> attrs) {
  for (const char* name : attrs)
    TWOFOUR_CHECK(!draft.attrs.has(name), kUnsupported, "{} holds strings, which are no numbers", name);
}

/// src * coefficients [outputs, features] + intercepts.
Value* linear(const Emit& emit, const Draft& draft, int64_t outputs) {
  Value* src = as_f32(emit, draft.input(0));
  TWOFOUR_CHECK(src->type().known, kUnsupported, "the rank of X is not known");
  if (src->rank() == 1) src = emit.unsqueeze(src, {0});
  const std::vector<float> weights = draft.attrs.floats("coefficients");
  const auto count = static_cast<int64_t>(weights.size());
  TWOFOUR_CHECK(outputs >= 1 && count % outputs == 0 && count > 0, kInvalidArgument,
                "{} coefficients do not make {} rows", count, outputs);
  Value* matrix = emit.constant(Tensor::of<float>({outputs, count / outputs}, weights));
  const std::vector<float> intercepts = draft.attrs.floats("intercepts");
  Value* bias = intercepts.empty() ? nullptr : emit.floats(intercepts, DType::kF32);
  return emit.op("Gemm", {src, matrix, bias}, {{"transB", int64_t{1}}});
}

}  // namespace

/// Columns by number; a vector counts as one row.
void ml_array_feature_extractor(Draft& draft) {
  const Emit emit(draft);
  const bool row = rank_of(draft) == 1;
  Value* src = row ? emit.unsqueeze(draft.input(0), {0}) : draft.input(0);
  draft.results.emplace(
      1, emit.op("Gather", {src, emit.reshape(draft.input(1), {-1})}, {{"axis", int64_t{-1}}}));
}

void ml_binarizer(Draft& draft) {
  const Emit emit(draft);
  const DType dtype = draft.input(0)->dtype();
  Value* above = emit.op("Greater", {draft.input(0), emit.scalar(draft.attrs.f("threshold", 0), dtype)});
  draft.results.emplace(1, emit.cast(above, dtype));
}

void ml_feature_vectorizer(Draft& draft) {
  const Emit emit(draft);
  const std::vector<int64_t> sizes = draft.attrs.ints("inputdimensions");
  TWOFOUR_CHECK(sizes.empty() || sizes.size() == draft.inputs.size(), kInvalidArgument,
                "there are {} inputdimensions for {} inputs", sizes.size(), draft.inputs.size());
  std::vector<Value*> parts;
  for (size_t i = 0; i < draft.inputs.size(); ++i) {
    Value* part = draft.input(i);
    TWOFOUR_CHECK(part && part->type().known, kUnsupported, "input {} or its rank is not known", i);
    if (part->rank() == 1) part = emit.unsqueeze(part, {0});
    check_rank(part, 2, "an input");
    if (!sizes.empty() && ops::dims_fit(part->dims()[1], sizes[i]) == false)
      part = emit.slice(part, 1, emit.i64({0}), emit.i64({sizes[i]}));
    TWOFOUR_CHECK(sizes.empty() || ops::dims_fit(part->dims()[1], sizes[i]), kInvalidArgument,
                  "input {} is {}; {} columns are expected", i, part->type().to_string(), sizes[i]);
    parts.push_back(as_f32(emit, part));
  }
  draft.results.emplace(1, emit.concat(std::move(parts), 1));
}

/// NaN is a value to replace like others.
void ml_imputer(Draft& draft) {
  const Emit emit(draft);
  Value* src = draft.input(0);
  const DType dtype = src->dtype();
  const bool floats = is_float(dtype);
  Value* with = floats ? emit.floats(draft.attrs.floats("imputed_value_floats"), dtype)
                       : emit.cast(emit.i64(draft.attrs.ints("imputed_value_int64s")), dtype);
  TWOFOUR_CHECK(known_size(with, 0, "the imputed values") >= 1, kInvalidArgument, "there are no {}",
                floats ? "imputed_value_floats" : "imputed_value_int64s");
  const float what = draft.attrs.f("replaced_value_float", 0);
  Value* hit = nullptr;
  if (floats && what != what) hit = emit.op("IsNaN", {src});
  else if (floats) hit = emit.op("Equal", {src, emit.scalar(what, dtype)});
  else hit = emit.op("Equal", {src, emit.cast(emit.i64({draft.attrs.i("replaced_value_int64", 0)}), dtype)});
  draft.results.emplace(1, emit.op("Where", {hit, with, src}));
}

/// Each element becomes a row of zeros with a 1 at its category.
void ml_one_hot_encoder(Draft& draft) {
  const Emit emit(draft);
  refuse_strings(draft, {"cats_strings"});
  TWOFOUR_CHECK(draft.attrs.i("zeros", 1) != 0, kUnsupported,
                "zeros=0, which fails on unknown categories, is not "
                "supported");
  Value* categories = emit.i64(draft.attrs.ints("cats_int64s"));
  Value* column = emit.unsqueeze(i64_of(emit, draft.input(0)), {-1});
  draft.results.emplace(1, as_f32(emit, emit.op("Equal", {column, categories})));
}

void ml_scaler(Draft& draft) {
  const Emit emit(draft);
  Value* dst = as_f32(emit, draft.input(0));
  if (draft.attrs.has("offset"))
    dst = emit.op("Sub", {dst, emit.floats(draft.attrs.floats("offset"), DType::kF32)});
  if (draft.attrs.has("scale")) dst = emit.mul(dst, emit.floats(draft.attrs.floats("scale"), DType::kF32));
  draft.results.emplace(1, dst);
}

/// A row is divided by its maximum, the sum of its magnitudes or its Euclidean norm; rows where that is 0
/// stay.
void ml_normalizer(Draft& draft) {
  const Emit emit(draft);
  Value* src = as_f32(emit, draft.input(0));
  const std::string norm = draft.attrs.s("norm", "MAX");
  const char* op = norm == "MAX"  ? "ReduceMax"
                   : norm == "L1" ? "ReduceL1"
                   : norm == "L2" ? "ReduceL2"
                                  : nullptr;
  TWOFOUR_CHECK(op, kInvalidArgument, "norm is \"{}\"; MAX, L1 and L2 are known", norm);
  Value* length = emit.op(op, {src, emit.i64({-1})}, {{"keepdims", int64_t{1}}});
  Value* zero = emit.op("Equal", {length, emit.scalar(0, DType::kF32)});
  draft.results.emplace(1,
                        emit.op("Div", {src, emit.op("Where", {zero, emit.scalar(1, DType::kF32), length})}));
}

void ml_linear_regressor(Draft& draft) {
  const Emit emit(draft);
  const int64_t targets = draft.attrs.i("targets", 1);
  const std::string transform = draft.attrs.s("post_transform", "NONE");
  Value* scores = linear(emit, draft, targets);
  draft.results.emplace(1, transformed_targets(emit, scores, targets, transform));
}

void ml_linear_classifier(Draft& draft) {
  const Emit emit(draft);
  const auto rows = static_cast<int64_t>(draft.attrs.floats("intercepts").size());
  const Labels labels = labels_of(draft, "classlabels_ints", "classlabels_strings");
  Value* scores = linear(emit, draft, rows > 0 ? rows : labels.count);
  const std::string transform = draft.attrs.s("post_transform", "NONE");
  const bool one = known_size(scores, 1, "the scores") == 1 && labels.count == 2;
  if (one) {
    check_one_score(transform);
    Value* positive = emit.op("Greater", {scores, emit.scalar(0, DType::kF32)});
    draft.results.emplace({label(emit, labels, i64_of(emit, emit.squeeze(positive, {1}))),
                           pair_of_scores(emit, scores, true, transform)});
    return;
  }
  draft.results.emplace({label_of_most(emit, labels, scores), transformed(emit, scores, transform)});
}

/// Keys are numbers, and values where they are wanted; as lists of one type, or as tensors.
void ml_label_encoder(Draft& draft) {
  const Emit emit(draft);
  refuse_strings(draft, {"classes_strings", "keys_strings"});
  draft.makes_strings = draft.attrs.has("values_strings");
  if (draft.makes_strings) {
    draft.results.emplace(1, nullptr);
    return;
  }
  const auto list = [&](const std::string& what) {
    if (draft.attrs.has(what + "_tensor")) return draft.attrs.tensor(what + "_tensor");
    if (draft.attrs.has(what + "_floats")) {
      const std::vector<float> floats = draft.attrs.floats(what + "_floats");
      return Tensor::of<float>({static_cast<int64_t>(floats.size())}, floats);
    }
    TWOFOUR_CHECK(draft.attrs.has(what + "_int64s"), kInvalidArgument, "there are no {}", what);
    return Tensor::i64(draft.attrs.ints(what + "_int64s"));
  };
  const Tensor values = list("values");
  Tensor otherwise = draft.attrs.tensor("default_tensor");
  if (!otherwise.defined() && is_float(values.dtype()))
    otherwise = Tensor::scalar(draft.attrs.f("default_float", -0.0F)).to(values.dtype());
  if (!otherwise.defined()) otherwise = Tensor::i64({draft.attrs.i("default_int64", -1)}).to(values.dtype());
  draft.results.emplace(1, emit.op("LabelEncoder", {draft.input(0), emit.constant(list("keys")),
                                                    emit.constant(values), emit.constant(otherwise)}));
}

/// The map from labels to scores is its tensor of scores.
void ml_zip_map(Draft& draft) { draft.results.emplace(1, Emit(draft).op("Identity", {draft.input(0)})); }

}  // namespace twofour::onnx_io
