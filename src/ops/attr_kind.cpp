#include "ops/attr_kind.h"

#include <algorithm>
#include <array>

namespace twofour::ops {
namespace {

template <size_t N>
using Names = std::array<std::string_view, N>;

constexpr Names<19> kInts = {"allowzero",
                             "axis",
                             "ceil_mode",
                             "count_include_pad",
                             "end",
                             "group",
                             "growth_interval",
                             "ignore_index",
                             "keepdims",
                             "nesterov",
                             "noop_with_empty_axes",
                             "relu",
                             "seed",
                             "select_last_index",
                             "start",
                             "storage_order",
                             "training_mode",
                             "transA",
                             "transB"};
constexpr Names<13> kFloats = {
    "alpha",           "backoff_factor", "beta",      "clip_high", "clip_low", "epsilon",     "growth_factor",
    "label_smoothing", "max_norm",       "max_scale", "min_scale", "momentum", "weight_decay"};
constexpr Names<5> kStrings = {"activation", "auto_pad", "mode", "reduction", "to"};
constexpr Names<11> kIntLists = {"axes",      "dilations", "ends",  "kernel_shape", "pads",        "perm",
                                 "src_shape", "starts",    "steps", "strides",      "weight_shape"};
constexpr Names<1> kTensors = {"value"};

template <typename Kind, size_t N>
bool fits(const Names<N>& names, std::string_view name, const Attr& value) {
  return std::ranges::find(names, name) != names.end() && std::holds_alternative<Kind>(value);
}

}  // namespace

void check_attr_kind(std::string_view name, const Attr& value) {
  TWOFOUR_CHECK(fits<int64_t>(kInts, name, value) || fits<float>(kFloats, name, value) ||
                    fits<std::string>(kStrings, name, value) ||
                    fits<std::vector<int64_t>>(kIntLists, name, value) || fits<Tensor>(kTensors, name, value),
                kInvalidArgument, "attribute {} has the wrong type", name);
}

}  // namespace twofour::ops
