// The geometry of the pools, on top of conv_geometry.h.
#pragma once

#include "ops/convolution/conv_geometry.h"

namespace twofour::ops {

/// Pool sizes: src [N,C,in] seen as N*C planes of `in`, dst planes of `out`.
struct Pool3d {
  int64_t planes;
  Sizes<3> in, out;
  Window3d window;

  int64_t in_size() const { return in[0] * in[1] * in[2]; }
  int64_t out_size() const { return out[0] * out[1] * out[2]; }
  /// The position of output element `i` of a plane.
  Sizes<3> position(int64_t i) const { return {i / (out[1] * out[2]), i / out[2] % out[1], i % out[2]}; }
  /// How many taps along spatial axis `i` of the window of output `at` lie in the input plus its padding;
  /// ceil_mode may leave some beyond both.
  int64_t padded_taps(size_t i, int64_t at) const {
    const int64_t room = in[i] + window.pads[i] + window.pads[i + 3] - at * window.stride[i];
    return std::min(window.kernel[i], (room + window.dilation[i] - 1) / window.dilation[i]);
  }
  /// Calls fn(index in the src plane) for every element inside the window of output `at`, in window order.
  template <typename Fn>
  void for_each_tap(const Sizes<3>& at, Fn&& fn) const {
    Sizes<3> start{};
    std::array<std::pair<int64_t, int64_t>, 3> taps;
    for (size_t i = 0; i < 3; ++i) {
      start[i] = at[i] * window.stride[i] - window.pads[i];
      taps[i] = window.inside(i, start[i], in[i]);
    }
    const Sizes<3>& step = window.dilation;
    for (int64_t t = taps[0].first; t < taps[0].second; ++t)
      for (int64_t r = taps[1].first; r < taps[1].second; ++r)
        for (int64_t s = taps[2].first; s < taps[2].second; ++s)
          fn(static_cast<size_t>(((start[0] + t * step[0]) * in[1] + start[1] + r * step[1]) * in[2] +
                                 start[2] + s * step[2]));
  }
};

/// The window of a pool: kernel_shape is required and padding must be smaller than the window.
Window3d pool_window_from(const Attrs& attrs, const Dims& src);
/// From a static shape.
Pool3d pool3d_from(const Attrs& attrs, const Shape& src);
/// Inference of a pool's forward op.
ValueType infer_pool(const Attrs& attrs, const ValueType& src);
/// Checks that `type` has the shape that pooling `src` gives: for gradients.
void check_pooled(const Attrs& attrs, const ValueType& type, const Shape& src, std::string_view what);

}  // namespace twofour::ops
