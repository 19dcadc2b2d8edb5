#include "onnx/layer_adapters.h"

#include <algorithm>

#include "onnx/draft_edit.h"
#include "ops/infer.h"

namespace twofour::onnx_io {
namespace {

/// The factors of an old Resize, when they are constant.
std::vector<float> known_scales(const Draft& draft) {
  const Value* scales = draft.input(1);
  if (!scales || !scales->is_constant()) return {};
  ops::check_dtype(scales->type(), DType::kF32, "scales");
  const auto span = scales->data().span<float>();
  return {span.begin(), span.end()};
}

/// With the statistics of the batch: what training uses.
void batch_norm_of_batch(Draft& draft) {
  draft.results = draft.builder.op_n("BatchNormTrain", draft.inputs, 5, draft.attrs, draft.name);
  draft.results->resize(draft.num_outputs);
}

}  // namespace

/// Opset 20 renamed the modes.
void grid_sample_modes(Draft& draft) {
  const std::string mode = draft.attrs.s("mode", "bilinear");
  if (mode.starts_with("bi")) draft.attrs.set("mode", mode.substr(2));
}

/// Opset 18 had one scale and bias per group.
void group_norm_per_channel(Draft& draft) {
  const int64_t groups = draft.attrs.i("num_groups", 0);
  const Dim channels = draft.input(0) && rank_of(draft) > 1 ? draft.input(0)->dims()[1] : Dim();
  TWOFOUR_CHECK(channels.known(), kUnsupported, "the number of channels is not known");
  TWOFOUR_CHECK(groups >= 1 && channels.value % groups == 0, kInvalidArgument,
                "num_groups is {}; it must divide the {} channels", groups, channels.value);
  ops::Builder& b = draft.builder;
  for (const size_t i : {1, 2}) {
    TWOFOUR_CHECK(draft.input(i), kInvalidArgument, "input {} is missing", i);
    Value* column = b.reshape(draft.input(i), {groups, 1});
    draft.inputs[i] = b.reshape(b.expand(column, {groups, channels.value / groups}), {channels.value});
  }
}

/// Opset 16 moved the regions by half a pixel.
void roi_align_unshifted(Draft& draft) {
  draft.attrs.set("coordinate_transformation_mode", std::string("output_half_pixel"));
}

/// Resize of opset 10: only src and scales. Nearest takes the element before where an axis grows, the one
/// after where it shrinks.
void resize_without_roi(Draft& draft) {
  const std::vector<float> scales = known_scales(draft);
  const bool shrinks = std::ranges::any_of(scales, [](float v) { return v < 1; });
  const bool enlarges = std::ranges::any_of(scales, [](float v) { return v > 1; });
  const char* nearest = scales.empty() || (shrinks && enlarges) ? "floor_ceil" : shrinks ? "ceil" : "floor";
  draft.attrs.set("coordinate_transformation_mode", std::string("asymmetric"));
  if (draft.attrs.s("mode", "nearest") == "nearest") draft.attrs.set("nearest_mode", std::string(nearest));
  draft.inputs = {draft.input(0), nullptr, draft.input(1)};
}

/// Upsample had its factors as attributes before opset 9, of the height and the width only before opset 7.
void upsample_to_resize(Draft& draft) {
  std::vector<float> scales = {1, 1, draft.attrs.f("height_scale", 1), draft.attrs.f("width_scale", 1)};
  if (draft.attrs.has("scales")) scales = draft.attrs.floats("scales");
  // Early exporters left out batch and channels.
  if (scales.size() == 2 && rank_of(draft) == 4) scales.insert(scales.begin(), {1, 1});
  for (const char* name : {"scales", "height_scale", "width_scale"}) draft.attrs.erase(name);
  if (!draft.input(1))
    set_input(draft, 1,
              constant(draft, "scales", Tensor::of<float>({static_cast<int64_t>(scales.size())}, scales)));
  if (draft.attrs.s("mode", "nearest") == "bilinear") draft.attrs.set("mode", std::string("linear"));
  draft.op = "Resize";
  resize_without_roi(draft);
}

/// Opset 14 has an attribute for it.
void batch_norm_training(Draft& draft) {
  if (draft.attrs.i("training_mode", 0) == 0) return;
  draft.attrs.erase("training_mode");
  batch_norm_of_batch(draft);
}

/// Before opset 14 the declared outputs said it: the statistics of the batch are outputs only in training.
void batch_norm_by_outputs(Draft& draft) {
  if (draft.declared_outputs > 1) batch_norm_of_batch(draft);
}

/// Some exporters concatenate scalars with vectors, against the letter of every opset.
void concat_scalars(Draft& draft) {
  for (Value*& input : draft.inputs) {
    if (!input || !input->type().known || input->rank() != 0) continue;
    if (input->is_constant()) input = constant(draft, "element", input->data().reshaped({1}));
    else
      input = draft.builder.op("Unsqueeze", {input, constant(draft, "axes", Tensor::i64({0}))}, {},
                               draft.name + ".element");
  }
}

/// Before opset 20 axis was an attribute, 1 by default.
void dft_axis_to_input(Draft& draft) {
  const int64_t axis = draft.attrs.i("axis", 1);
  set_input(draft, 2, constant(draft, "axis", Tensor::of<int64_t>({}, std::span<const int64_t>(&axis, 1))));
  draft.attrs.erase("axis");
}

/// Scatter was renamed in opset 11.
void scatter_along_axis(Draft& draft) { draft.op = "ScatterElements"; }

/// Before opset 10 k was an attribute.
void top_k_to_input(Draft& draft) {
  if (!draft.attrs.has("k")) return;
  set_input(draft, 1, constant(draft, "k", Tensor::i64({draft.attrs.i("k", 0)})));
  draft.attrs.erase("k");
}

}  // namespace twofour::onnx_io
