#include "ops/attr_kind.h"

#include <algorithm>
#include <span>

namespace twofour::ops {
namespace {

using Names = std::span<const std::string_view>;

constexpr std::string_view kInts[] = {"align_corners",
                                      "allowzero",
                                      "antialias",
                                      "axis",
                                      "batch_axis",
                                      "batch_dims",
                                      "block_size",
                                      "blocksize",
                                      "ceil_mode",
                                      "center_point_box",
                                      "chunk_size",
                                      "count_include_pad",
                                      "detect_negative",
                                      "detect_positive",
                                      "end",
                                      "exclude_outside",
                                      "exclusive",
                                      "fmod",
                                      "group",
                                      "growth_interval",
                                      "hidden_size",
                                      "ignore_index",
                                      "input_forget",
                                      "interleaved",
                                      "inverse",
                                      "is_causal",
                                      "k",
                                      "keepdims",
                                      "kv_num_heads",
                                      "largest",
                                      "layout",
                                      "left_window_size",
                                      "linear_before_reset",
                                      "max_gram_length",
                                      "max_skip_count",
                                      "min_gram_length",
                                      "nesterov",
                                      "noop_with_empty_axes",
                                      "num_captures",
                                      "num_groups",
                                      "num_heads",
                                      "num_scan_inputs",
                                      "offset_group",
                                      "onesided",
                                      "output_height",
                                      "output_width",
                                      "output_zero_point",
                                      "p",
                                      "periodic",
                                      "q_num_heads",
                                      "qk_matmul_output_mode",
                                      "relu",
                                      "residual_zero_point",
                                      "reverse",
                                      "right_window_size",
                                      "rotary_embedding_dim",
                                      "sampling_ratio",
                                      "saturate",
                                      "seed",
                                      "select_last_index",
                                      "size",
                                      "softmax_precision",
                                      "sorted",
                                      "start",
                                      "stash_type",
                                      "storage_order",
                                      "targets",
                                      "time_axis",
                                      "training_mode",
                                      "transA",
                                      "transB",
                                      "upper"};
constexpr std::string_view kFloats[] = {"activation_offset",
                                        "activation_slope",
                                        "alpha",
                                        "backoff_factor",
                                        "beta",
                                        "bias",
                                        "clip",
                                        "clip_high",
                                        "clip_low",
                                        "cubic_coeff_a",
                                        "epsilon",
                                        "extrapolation_value",
                                        "gamma",
                                        "growth_factor",
                                        "high",
                                        "label_smoothing",
                                        "lambd",
                                        "low",
                                        "max_norm",
                                        "max_scale",
                                        "mean",
                                        "min_scale",
                                        "momentum",
                                        "output_scale",
                                        "residual_scale",
                                        "scale",
                                        "softcap",
                                        "spatial_scale",
                                        "weight_decay"};
constexpr std::string_view kStrings[] = {
    "activation", "aggregate",    "approximate",     "auto_pad",     "coordinate_transformation_mode",
    "direction",  "dtype",        "equation",        "format",       "keep_aspect_ratio_policy",
    "mode",       "nearest_mode", "output_datatype", "output_dtype", "padding_mode",
    "reduction",  "to",           "update_rule"};
constexpr std::string_view kIntLists[] = {"axes",
                                          "dilations",
                                          "ends",
                                          "input_zero_points",
                                          "kernel_shape",
                                          "ngram_counts",
                                          "ngram_indexes",
                                          "pool_int64s",
                                          "output_padding",
                                          "output_shape",
                                          "pads",
                                          "perm",
                                          "pooled_shape",
                                          "shape",
                                          "src_shape",
                                          "starts",
                                          "scan_input_axes",
                                          "scan_input_directions",
                                          "scan_output_axes",
                                          "scan_output_directions",
                                          "steps",
                                          "strides",
                                          "weight_shape"};
constexpr std::string_view kFloatLists[] = {"activation_alpha", "activation_beta", "input_scales", "weights"};
constexpr std::string_view kStringLists[] = {"activations", "pool_strings"};
constexpr std::string_view kTensors[] = {"value"};
constexpr std::string_view kSubgraphs[] = {"body", "else_branch", "then_branch"};

template <typename Kind>
bool fits(Names names, std::string_view name, const Attr& value) {
  return std::ranges::find(names, name) != names.end() && std::holds_alternative<Kind>(value);
}

}  // namespace

void check_attr_kind(std::string_view name, const Attr& value) {
  TWOFOUR_CHECK(fits<int64_t>(kInts, name, value) || fits<float>(kFloats, name, value) ||
                    fits<std::string>(kStrings, name, value) ||
                    fits<std::vector<int64_t>>(kIntLists, name, value) ||
                    fits<std::vector<float>>(kFloatLists, name, value) ||
                    fits<std::vector<std::string>>(kStringLists, name, value) ||
                    fits<Tensor>(kTensors, name, value) || fits<Subgraph>(kSubgraphs, name, value),
                kInvalidArgument, "attribute {} has the wrong type", name);
}

}  // namespace twofour::ops
