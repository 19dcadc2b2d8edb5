// Every product of a convolution, for the references of its gradients and of ConvTranspose.
#pragma once

#include "ops/convolution/conv_geometry.h"
#include "ops/strided.h"

namespace twofour::ops {

/// Calls fn(index in src, index in weight, index in dst) for every product of the convolution, outputs
/// outermost.
template <typename Fn>
void for_each_product(const Conv3d& v, Fn&& fn) {
  const Window3d& win = v.window;
  const int64_t cg = v.c / v.groups;
  const int64_t kg = v.k / v.groups;
  const Shape dst = {v.n, v.k, v.out[0], v.out[1], v.out[2]};
  const Shape taps = {cg, win.kernel[0], win.kernel[1], win.kernel[2]};
  const int64_t per_filter = taps.numel();
  for_each_offset<1>(dst, {dst.strides()}, [&](const std::array<int64_t, 1>& to) {
    const int64_t k = to[0] / dst.numel(2, 5) % v.k;
    const int64_t n = to[0] / dst.numel(1, 5);
    const Sizes<3> at = {to[0] / dst.numel(3, 5) % v.out[0], to[0] / v.out[2] % v.out[1], to[0] % v.out[2]};
    for (int64_t tap = 0; tap < per_filter; ++tap) {
      const Sizes<3> in_kernel = {tap / taps.numel(2, 4) % win.kernel[0], tap / win.kernel[2] % win.kernel[1],
                                  tap % win.kernel[2]};
      int64_t from = n * v.c + k / kg * cg + tap / taps.numel(1, 4);
      bool inside = true;
      for (size_t i = 0; i < 3; ++i) {
        const int64_t x = at[i] * win.stride[i] - win.pads[i] + in_kernel[i] * win.dilation[i];
        inside = inside && x >= 0 && x < v.in[i];
        from = from * v.in[i] + x;
      }
      if (inside)
        fn(static_cast<size_t>(from), static_cast<size_t>(k * per_filter + tap), static_cast<size_t>(to[0]));
    }
  });
}

}  // namespace twofour::ops
