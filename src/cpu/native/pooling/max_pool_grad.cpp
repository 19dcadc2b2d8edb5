// MaxPoolGrad in either format: every window's gradient goes to its first maximum in window order.
#include <cstring>

#include "base/parallel.h"
#include "cpu/native/simd.h"
#include "cpu/op_tactic.h"
#include "cpu/tactics.h"
#include "ops/pooling/pool_geometry.h"

namespace twofour::cpu {
namespace {

constexpr int64_t kChannels = 64;  // handled together in channels-last order

struct Task {
  ops::Pool3d pool;
  int64_t channels;
  const float* grad_dst;
  const float* src;
  const float* dst;
  float* grad_src;
};

void plane_gradient(const Task& t, int64_t plane) {
  const int64_t pixels = t.pool.in_size();
  const float* src = t.src + plane * pixels;
  float* grad_src = t.grad_src + plane * pixels;
  std::memset(grad_src, 0, static_cast<size_t>(pixels) * sizeof(float));
  int64_t i = plane * t.pool.out_size();
  for (int64_t o = 0; o < t.pool.out[0]; ++o)
    for (int64_t p = 0; p < t.pool.out[1]; ++p)
      for (int64_t q = 0; q < t.pool.out[2]; ++q, ++i) {
        bool given = false;
        t.pool.for_each_tap({o, p, q}, [&](size_t tap) {
          if (given || src[tap] != t.dst[i]) return;
          grad_src[tap] += t.grad_dst[i];
          given = true;
        });
      }
}

/// What one window of `count` channels gives to the element `src`; lanes of `waiting` that are not 0 still
/// look for their maximum.
inline TWOFOUR_INLINE void give_tap(const float* src, const float* value, int64_t count, float* waiting,
                                    float* grad_src) {
#pragma omp simd
  for (int64_t k = 0; k < count; ++k) {
    const float grad = waiting[k];
    const bool hit = src[k] == value[k];
    grad_src[k] += hit ? grad : 0.0F;
    waiting[k] = hit ? 0.0F : grad;
  }
}

/// One image of two spatial dimensions, channels [first, first + count).
void image_gradient(const Task& t, int64_t n, int64_t first, int64_t count) {
  const int64_t c = t.channels;
  const int64_t pixels = t.pool.in_size();
  const float* src = t.src + n * pixels * c + first;
  float* grad_src = t.grad_src + n * pixels * c + first;
  for (int64_t i = 0; i < pixels; ++i)
    std::memset(grad_src + i * c, 0, static_cast<size_t>(count) * sizeof(float));
  run_simd([=, pool = t.pool, grad_dst = t.grad_dst, dst = t.dst]() TWOFOUR_INLINE {
    const ops::Window2d win = ops::window2d(pool.window);
    const auto [h, w] = std::pair(pool.in[1], pool.in[2]);
    for (int64_t p = 0; p < pool.out[1]; ++p)
      for (int64_t q = 0; q < pool.out[2]; ++q) {
        const int64_t at = ((n * pool.out[1] + p) * pool.out[2] + q) * c + first;
        float waiting[kChannels];
        for (int64_t k = 0; k < count; ++k) waiting[k] = grad_dst[at + k];
        for (int64_t r = 0; r < win.kernel[0]; ++r) {
          const int64_t y = p * win.stride[0] - win.pads[0] + r * win.dilation[0];
          if (y < 0 || y >= h) continue;
          for (int64_t s = 0; s < win.kernel[1]; ++s) {
            const int64_t x = q * win.stride[1] - win.pads[1] + s * win.dilation[1];
            if (x < 0 || x >= w) continue;
            const int64_t tap = (y * w + x) * c;
            give_tap(src + tap, dst + at, count, waiting, grad_src + tap);
          }
        }
      }
  });
}

class NativeMaxPoolGrad final : public OpTactic {
 public:
  NativeMaxPoolGrad() : OpTactic("native.max_pool_grad", {"MaxPoolGrad"}) {}

  std::unique_ptr<Kernel> make(const NodeDesc& node, std::span<const Tensor>) const override {
    const Shape& shape = node.outputs[0].shape;
    Format format;
    (void)one_format(node, &format);
    return make_kernel([pool = ops::pool3d_from(node.attrs, shape), images = shape[0], channels = shape[1],
                        last = format == Format::kChannelsLast](const KernelArgs& args) {
      const Task task = {
          pool, channels, args.in<float>(0), args.in<float>(1), args.in<float>(2), args.out<float>()};
      if (!last) {
        parallel_ranges(pool.planes, 1, [&](int64_t begin, int64_t end) {
          for (int64_t plane = begin; plane < end; ++plane) plane_gradient(task, plane);
        });
        return;
      }
      const int64_t blocks = (channels + kChannels - 1) / kChannels;
      parallel_ranges(images * blocks, 1, [&](int64_t begin, int64_t end) {
        for (int64_t unit = begin; unit < end; ++unit) {
          const int64_t first = unit % blocks * kChannels;
          image_gradient(task, unit / blocks, first, std::min(kChannels, channels - first));
        }
      });
    });
  }

 protected:
  Support accepts(const NodeDesc& node) const override {
    return all_of({all_f32(node), any_one_format(node), none_empty(node)});
  }
};

}  // namespace

TWOFOUR_DEFINE_TACTIC(NativeMaxPoolGrad)

}  // namespace twofour::cpu
