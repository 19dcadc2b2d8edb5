// MaxPoolGrad in either format: every window's gradient goes to its first maximum in window order.
#include <cstring>

#include "base/parallel.h"
#include "cpu/native/simd.h"
#include "cpu/op_tactic.h"
#include "cpu/tactics.h"
#include "ops/conv_geometry.h"

namespace twofour::cpu {
namespace {

constexpr int64_t kChannels = 64;  // handled together in channels-last order

struct Task {
  ops::Pool2d pool;
  int64_t channels;
  const float* grad_dst;
  const float* src;
  const float* dst;
  float* grad_src;
};

void plane_gradient(const Task& t, int64_t plane) {
  const int64_t pixels = t.pool.h * t.pool.w;
  const float* src = t.src + plane * pixels;
  float* grad_src = t.grad_src + plane * pixels;
  std::memset(grad_src, 0, static_cast<size_t>(pixels) * sizeof(float));
  int64_t i = plane * t.pool.p * t.pool.q;
  for (int64_t p = 0; p < t.pool.p; ++p)
    for (int64_t q = 0; q < t.pool.q; ++q, ++i) {
      bool given = false;
      t.pool.for_each_tap(p, q, [&](size_t tap) {
        if (given || src[tap] != t.dst[i]) return;
        grad_src[tap] += t.grad_dst[i];
        given = true;
      });
    }
}

/// One image, channels [first, first + count); the lanes of `open` that are not 0 still wait for their maximum.
void image_gradient(const Task& t, int64_t n, int64_t first, int64_t count) {
  const int64_t c = t.channels;
  const int64_t pixels = t.pool.h * t.pool.w;
  const float* src = t.src + n * pixels * c + first;
  float* grad_src = t.grad_src + n * pixels * c + first;
  for (int64_t i = 0; i < pixels; ++i) std::memset(grad_src + i * c, 0, static_cast<size_t>(count) * sizeof(float));
  for (int64_t p = 0; p < t.pool.p; ++p)
    for (int64_t q = 0; q < t.pool.q; ++q) {
      const int64_t at = ((n * t.pool.p + p) * t.pool.q + q) * c + first;
      const float* value = t.dst + at;
      float open[kChannels];
      std::memcpy(open, t.grad_dst + at, static_cast<size_t>(count) * sizeof(float));
      t.pool.for_each_tap(p, q, [&](size_t tap) {
        const float* from = src + static_cast<int64_t>(tap) * c;
        float* to = grad_src + static_cast<int64_t>(tap) * c;
        run_simd([from, to, value, count, rest = open]() TWOFOUR_INLINE {
#pragma omp simd
          for (int64_t k = 0; k < count; ++k) {
            const bool hit = from[k] == value[k];
            to[k] += hit ? rest[k] : 0.0F;
            rest[k] = hit ? 0.0F : rest[k];
          }
        });
      });
    }
}

class NativeMaxPoolGrad final : public OpTactic {
 public:
  NativeMaxPoolGrad() : OpTactic("native.max_pool_grad", {"MaxPoolGrad"}) {}

  std::unique_ptr<Kernel> create(const NodeDesc& node, std::span<const Tensor>) const override {
    const Shape& shape = node.outputs[0].shape;
    Format format;
    (void)one_format(node, &format);
    return make_kernel([pool = ops::pool2d_from(node.attrs, shape), images = shape[0], channels = shape[1],
                        last = format == Format::kChannelsLast](const KernelArgs& args) {
      const Task task = {pool, channels, args.in<float>(0), args.in<float>(1), args.in<float>(2), args.out<float>()};
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
