#include "onnx/opset_adapters.h"

#include <algorithm>
#include <array>

#include "onnx/draft_edit.h"
#include "onnx/layer_adapters.h"
#include "onnx/math_adapters.h"
#include "onnx/small_type_adapters.h"
#include "ops/infer.h"
#include "ops/shape_value.h"

namespace twofour::onnx_io {
namespace {

void batch_norm_spatial(Draft& draft) {
  TWOFOUR_CHECK(draft.attrs.i("spatial", 1) == 1, kUnsupported,
                "spatial=0 (statistics per pixel) is not supported");
  draft.attrs.erase("spatial");
}

/// Opset 6: without `broadcast` the shapes are equal; with it, b's first axis lies at a's `axis`.
void broadcast_at_axis(Draft& draft) {
  const bool aligned = draft.attrs.i("broadcast", 0) != 0 && draft.attrs.has("axis");
  const int64_t axis = draft.attrs.i("axis", 0);
  draft.attrs.erase("broadcast");
  draft.attrs.erase("axis");
  if (!aligned || !draft.input(1)) return;
  const auto rank = static_cast<int64_t>(rank_of(draft));
  const auto after = rank - (axis < 0 ? axis + rank : axis) - static_cast<int64_t>(draft.input(1)->rank());
  TWOFOUR_CHECK(after >= 0, kInvalidArgument, "b with {} axes does not fit at axis {} of {}",
                draft.input(1)->rank(), axis, rank);
  if (after == 0) return;
  std::vector<int64_t> axes;
  for (int64_t i = 0; i < after; ++i) axes.push_back(static_cast<int64_t>(draft.input(1)->rank()) + i);
  draft.inputs[1] = draft.builder.op(
      "Unsqueeze", {draft.inputs[1], constant(draft, "axes", Tensor::i64(axes))}, {}, draft.name + ".align");
}

bool is_vector_for_images(const Draft& draft) {
  return draft.input(1) && draft.input(1)->type().known && draft.input(1)->rank() == 1 && rank_of(draft) > 2;
}

/// Opset 6: one slope for each channel, which is axis 1.
void slope_of_channels(Draft& draft) {
  if (!is_vector_for_images(draft)) return;
  draft.attrs.set("broadcast", int64_t{1});
  draft.attrs.set("axis", int64_t{1});
  broadcast_at_axis(draft);
}

/// Early exporters said opset 7 and meant opset 6: a vector that fits the channels and not the last axis.
void broadcast_at_channels(Draft& draft) {
  if (!is_vector_for_images(draft)) return;
  const Dim& size = draft.input(1)->dims()[0];
  const Dims& dims = draft.input(0)->dims();
  const bool fits_last =
      size == Dim(1) || !size.known() || ops::dims_fit(size, dims.back()) || dims.back() == Dim(1);
  if (!fits_last && size == dims[1]) slope_of_channels(draft);
}

void clip_bounds_to_inputs(Draft& draft) {
  float_to_input(draft, "min", 1);
  float_to_input(draft, "max", 2);
}

void dropout_ratio_to_input(Draft& draft) { float_to_input(draft, "ratio", 1); }

void identity_of_constant(Draft& draft) {
  if (draft.inputs.size() == 1 && draft.inputs[0] && draft.inputs[0]->is_constant())
    draft.results = draft.inputs;
}

void pad_attrs_to_inputs(Draft& draft) {
  ints_to_input(draft, "pads", 1);
  float_to_input(draft, "value", 2);
}

/// Opset 18 may name the padded axes. What is known becomes pads of all axes, the form that is fast.
void pad_all_axes(Draft& draft) {
  const auto axes = ops::known_ints(draft.input(3));
  const auto pads = ops::known_ints(draft.input(1));
  if (!axes || !pads) return;
  const size_t rank = rank_of(draft);
  TWOFOUR_CHECK(pads->size() == 2 * axes->size(), kInvalidArgument, "{} axes need {} pads, got {}",
                axes->size(), 2 * axes->size(), pads->size());
  std::vector<int64_t> all(2 * rank, 0);
  for (size_t i = 0; i < axes->size(); ++i) {
    const size_t axis = ops::normalize_axis((*axes)[i], rank);
    all[axis] = (*pads)[i];
    all[axis + rank] = (*pads)[i + axes->size()];
  }
  draft.inputs.pop_back();
  draft.inputs[1] = constant(draft, "pads", Tensor::i64(all));
}

void axes_to_input(Draft& draft) { ints_to_input(draft, "axes", 1); }

void slice_attrs_to_inputs(Draft& draft) {
  ints_to_input(draft, "starts", 1);
  ints_to_input(draft, "ends", 2);
  ints_to_input(draft, "axes", 3);
}

Value* shape_of(Draft& draft, Value* src) {
  if (src->type().is_static()) return constant(draft, "shape", Tensor::i64(src->shape().dims()));
  return draft.builder.op("Shape", {src}, {}, draft.name + ".shape");
}

/// Before opset 13 softmax ran over all axes from `axis` on, taken together.
void softmax_over_matrix(Draft& draft) {
  const size_t axis = axis_of(draft, 1);
  Value* src = draft.input(0);
  const auto is_one = [](const Dim& dim) { return dim == Dim(1); };
  draft.attrs.set("axis", static_cast<int64_t>(axis));
  if (std::all_of(src->dims().begin() + static_cast<std::ptrdiff_t>(axis) + 1, src->dims().end(), is_one))
    return;
  Value* flat =
      draft.builder.op("Flatten", {src}, {{"axis", static_cast<int64_t>(axis)}}, draft.name + ".flatten");
  Value* dst = draft.builder.op(draft.op, {flat}, {{"axis", int64_t{1}}}, draft.name);
  draft.results.emplace(
      1, draft.builder.op("Reshape", {dst, shape_of(draft, src)}, {}, draft.name + ".reshape"));
}

void split_sizes_to_input(Draft& draft) { ints_to_input(draft, "split", 1); }

/// Opset 18 says how many outputs there are, as if they could not be counted.
void split_parts_counted(Draft& draft) {
  if (!draft.attrs.has("num_outputs")) return;
  const int64_t parts = draft.attrs.i("num_outputs", 0);
  draft.attrs.erase("num_outputs");
  TWOFOUR_CHECK(parts == static_cast<int64_t>(draft.num_outputs), kInvalidArgument,
                "num_outputs is {}, but there are {} outputs", parts, draft.num_outputs);
}

struct Adapter {
  std::string_view op;
  int64_t first;  // opsets of the file that it applies to
  int64_t last;
  void (*apply)(Draft& draft);
};

constexpr std::array kAdapters = {
    Adapter{"Add", kFirstOpset, 6, broadcast_at_axis},
    Adapter{"Add", 7, 7, broadcast_at_channels},
    Adapter{"And", kFirstOpset, 6, broadcast_at_axis},
    Adapter{"BatchNormalization", kFirstOpset, 8, batch_norm_spatial},
    Adapter{"BatchNormalization", kFirstOpset, 13, batch_norm_by_outputs},
    Adapter{"BatchNormalization", 14, kLastOpset, batch_norm_training},
    Adapter{"Bernoulli", kFirstOpset, kLastOpset, name_dtypes},
    Adapter{"Bernoulli", kFirstOpset, kLastOpset, seed_from_float},
    Adapter{"BitCast", kFirstOpset, kLastOpset, name_dtypes},
    Adapter{"BlackmanWindow", kFirstOpset, kLastOpset, name_dtypes},
    Adapter{"Cast", kFirstOpset, kLastOpset, name_dtypes},
    Adapter{"CastLike", kFirstOpset, kLastOpset, cast_like_to_cast},
    Adapter{"Clip", kFirstOpset, 10, clip_bounds_to_inputs},
    Adapter{"Concat", kFirstOpset, kLastOpset, concat_scalars},
    Adapter{"DFT", 17, 19, dft_axis_to_input},
    Adapter{"DequantizeLinear", kFirstOpset, kLastOpset, name_dtypes},
    Adapter{"Div", kFirstOpset, 6, broadcast_at_axis},
    Adapter{"Dropout", kFirstOpset, 11, dropout_ratio_to_input},
    Adapter{"Equal", kFirstOpset, 6, broadcast_at_axis},
    Adapter{"EyeLike", kFirstOpset, kLastOpset, name_dtypes},
    Adapter{"Greater", kFirstOpset, 6, broadcast_at_axis},
    Adapter{"GridSample", kFirstOpset, 19, grid_sample_modes},
    Adapter{"GroupNormalization", 18, 20, group_norm_per_channel},
    Adapter{"HammingWindow", kFirstOpset, kLastOpset, name_dtypes},
    Adapter{"HannWindow", kFirstOpset, kLastOpset, name_dtypes},
    Adapter{"Hardmax", kFirstOpset, 12, softmax_over_matrix},
    Adapter{"Identity", kFirstOpset, kLastOpset, identity_of_constant},
    Adapter{"Less", kFirstOpset, 6, broadcast_at_axis},
    Adapter{"LogSoftmax", kFirstOpset, 12, softmax_over_matrix},
    Adapter{"MelWeightMatrix", kFirstOpset, kLastOpset, name_dtypes},
    Adapter{"Mul", kFirstOpset, 6, broadcast_at_axis},
    Adapter{"Mul", 7, 7, broadcast_at_channels},
    Adapter{"Or", kFirstOpset, 6, broadcast_at_axis},
    Adapter{"PRelu", kFirstOpset, 6, slope_of_channels},
    Adapter{"Pad", kFirstOpset, 10, pad_attrs_to_inputs},
    Adapter{"Pad", 18, kLastOpset, pad_all_axes},
    Adapter{"Pow", kFirstOpset, 6, broadcast_at_axis},
    Adapter{"QuantizeLinear", kFirstOpset, kLastOpset, name_dtypes},
    Adapter{"RandomNormal", kFirstOpset, kLastOpset, name_dtypes},
    Adapter{"RandomNormal", kFirstOpset, kLastOpset, seed_from_float},
    Adapter{"RandomNormalLike", kFirstOpset, kLastOpset, name_dtypes},
    Adapter{"RandomNormalLike", kFirstOpset, kLastOpset, seed_from_float},
    Adapter{"RandomUniform", kFirstOpset, kLastOpset, name_dtypes},
    Adapter{"RandomUniform", kFirstOpset, kLastOpset, seed_from_float},
    Adapter{"RandomUniformLike", kFirstOpset, kLastOpset, name_dtypes},
    Adapter{"RandomUniformLike", kFirstOpset, kLastOpset, seed_from_float},
    Adapter{"ReduceL1", kFirstOpset, 17, axes_to_input},
    Adapter{"ReduceL2", kFirstOpset, 17, axes_to_input},
    Adapter{"ReduceLogSum", kFirstOpset, 17, axes_to_input},
    Adapter{"ReduceLogSumExp", kFirstOpset, 17, axes_to_input},
    Adapter{"ReduceMax", kFirstOpset, 17, axes_to_input},
    Adapter{"ReduceMean", kFirstOpset, 17, axes_to_input},
    Adapter{"ReduceMin", kFirstOpset, 17, axes_to_input},
    Adapter{"ReduceProd", kFirstOpset, 17, axes_to_input},
    Adapter{"ReduceSum", kFirstOpset, 12, axes_to_input},
    Adapter{"ReduceSumSquare", kFirstOpset, 17, axes_to_input},
    Adapter{"Resize", kFirstOpset, 10, resize_without_roi},
    Adapter{"RoiAlign", kFirstOpset, 15, roi_align_unshifted},
    Adapter{"STFT", kFirstOpset, kLastOpset, stft_of_real_rows},
    Adapter{"Scatter", kFirstOpset, 10, scatter_along_axis},
    Adapter{"Slice", kFirstOpset, 9, slice_attrs_to_inputs},
    Adapter{"Softmax", kFirstOpset, 12, softmax_over_matrix},
    Adapter{"Split", kFirstOpset, 12, split_sizes_to_input},
    Adapter{"Split", 18, kLastOpset, split_parts_counted},
    Adapter{"Squeeze", kFirstOpset, 12, axes_to_input},
    Adapter{"Sub", kFirstOpset, 6, broadcast_at_axis},
    Adapter{"TopK", kFirstOpset, 9, top_k_to_input},
    Adapter{"Unsqueeze", kFirstOpset, 12, axes_to_input},
    Adapter{"Upsample", kFirstOpset, 9, upsample_to_resize},
    Adapter{"Xor", kFirstOpset, 6, broadcast_at_axis},
};

/// Attributes without a meaning for us: left over from older opsets, or for values that twofour does not
/// compute.
struct IgnoredAttr {
  std::string_view op;
  const char* attr;
};
constexpr std::array kIgnored = {
    IgnoredAttr{"BatchNormalization", "consumed_inputs"},
    IgnoredAttr{"BatchNormalization", "is_test"},
    IgnoredAttr{"Cast", "round_mode"},  // this and saturate: only for 8-bit floats
    IgnoredAttr{"Cast", "saturate"},
    IgnoredAttr{"CastLike", "round_mode"},
    IgnoredAttr{"CastLike", "saturate"},
    IgnoredAttr{"Dropout", "is_test"},
    IgnoredAttr{"Gemm", "broadcast"},            // opset 6
    IgnoredAttr{"QuantizeLinear", "precision"},  // of the division
    IgnoredAttr{"QuantizeLinear", "saturate"},   // only for 8-bit floats
};

}  // namespace

bool is_adapted(std::string_view op) {
  return std::ranges::find(kAdapters, op, &Adapter::op) != kAdapters.end();
}

void adapt(Draft& draft, int64_t opset) {
  adapt_small_types(draft);
  if (draft.results) return;
  const std::string op = draft.op;
  for (const auto& [name, attr] : kIgnored)
    if (name == op) draft.attrs.erase(attr);
  for (const Adapter& adapter : kAdapters)
    if (adapter.op == op && adapter.first <= opset && opset <= adapter.last) adapter.apply(draft);
}

}  // namespace twofour::onnx_io
