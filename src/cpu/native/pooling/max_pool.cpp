// MaxPool on f32 over one to three spatial dimensions, in either format. NaN wins, which oneDNN's drops.
#include <limits>

#include "base/parallel.h"
#include "cpu/native/elementwise/element_ops.h"
#include "cpu/op_tactic.h"
#include "cpu/tactics.h"
#include "ops/pooling/pool_geometry.h"

namespace twofour::cpu {
namespace {

constexpr float kLowest = -std::numeric_limits<float>::infinity();
constexpr int64_t kGrain = 16384;  // elements read

/// to[i] = the larger of it and from[i]; or from[i] alone.
void take_larger(const float* from, float* to, int64_t n, bool alone) {
  run_simd([=]() TWOFOUR_INLINE {
    if (alone) {
#pragma omp simd
      for (int64_t i = 0; i < n; ++i) to[i] = from[i];
    } else {
#pragma omp simd
      for (int64_t i = 0; i < n; ++i) to[i] = element::MaxOf()(to[i], from[i]);
    }
  });
}

/// Calls fn(offset of the row in the plane) for every source row in the window of output row (d, h).
template <typename Fn>
void for_each_row(const ops::Pool3d& pool, int64_t d, int64_t h, const Fn& fn) {
  const auto& w = pool.window;
  const int64_t start_d = d * w.stride[0] - w.pads[0], start_h = h * w.stride[1] - w.pads[1];
  const auto taps_d = w.inside(0, start_d, pool.in[0]), taps_h = w.inside(1, start_h, pool.in[1]);
  for (int64_t t = taps_d.first; t < taps_d.second; ++t)
    for (int64_t r = taps_h.first; r < taps_h.second; ++r)
      fn((start_d + t * w.dilation[0]) * pool.in[1] + start_h + r * w.dilation[1]);
}

/// NCHW: the rows of a window are joined first, whole, into a row with its padding; then its columns.
class RowsFirst {
 public:
  explicit RowsFirst(const ops::Pool3d& pool) : pool_(pool) {
    const auto& w = pool.window;
    const int64_t reach = (pool.out[2] - 1) * w.stride[2] + w.extent(2);
    joined_.assign(static_cast<size_t>(std::max(reach, w.pads[2] + pool.in[2])), kLowest);
  }

  /// Output row `row` of the plane at `src`.
  void run(const float* src, int64_t row, float* dst) {
    float* joined = joined_.data() + pool_.window.pads[2];
    bool first = true;
    for_each_row(pool_, row / pool_.out[1], row % pool_.out[1], [&](int64_t from) {
      take_larger(src + from * pool_.in[2], joined, pool_.in[2], first);
      first = false;
    });
    if (first) std::fill_n(joined, pool_.in[2], kLowest);
    const auto& w = pool_.window;
    for (int64_t s = 0; s < w.kernel[2]; ++s) join_column(joined_.data() + s * w.dilation[2], dst, s == 0);
  }

 private:
  void join_column(const float* from, float* dst, bool alone) const {
    const int64_t stride = pool_.window.stride[2], n = pool_.out[2];
    if (stride == 1) return take_larger(from, dst, n, alone);
    if (stride == 2) return join_strided<2>(from, dst, n, alone, stride);
    join_strided<0>(from, dst, n, alone, stride);
  }

  template <int64_t kStride>
  static void join_strided(const float* from, float* dst, int64_t n, bool alone, int64_t given) {
    run_simd([=]() TWOFOUR_INLINE {
      const int64_t stride = kStride > 0 ? kStride : given;
      if (alone) {
        for (int64_t i = 0; i < n; ++i) dst[i] = from[i * stride];
      } else {
#pragma omp simd
        for (int64_t i = 0; i < n; ++i) dst[i] = element::MaxOf()(dst[i], from[i * stride]);
      }
    });
  }

  const ops::Pool3d& pool_;
  std::vector<float> joined_;
};

void pool_planes(const ops::Pool3d& pool, const float* src, float* dst) {
  const int64_t rows = pool.out[0] * pool.out[1];
  const int64_t per_row = pool.in_size() / std::max<int64_t>(rows, 1) + pool.out[2];
  parallel_ranges(pool.planes * rows, kGrain / std::max<int64_t>(per_row, 1),
                  [&](int64_t first, int64_t last) {
                    RowsFirst kernel(pool);
                    for (int64_t unit = first; unit < last; ++unit)
                      kernel.run(src + unit / rows * pool.in_size(), unit % rows, dst + unit * pool.out[2]);
                  });
}

/// NHWC: the pixels of a window, all channels of each.
void pool_pixels(const ops::Pool3d& pool, int64_t channels, const float* src, float* dst) {
  const int64_t rows = pool.out[1], images = pool.planes / channels;
  const int64_t per_row = pool.in_size() * channels / std::max<int64_t>(rows, 1);
  const auto& w = pool.window;
  parallel_ranges(images * rows, kGrain / std::max<int64_t>(per_row, 1), [&](int64_t first, int64_t last) {
    for (int64_t unit = first; unit < last; ++unit)
      for (int64_t x = 0; x < pool.out[2]; ++x) {
        const float* image = src + unit / rows * pool.in_size() * channels;
        float* to = dst + (unit * pool.out[2] + x) * channels;
        const int64_t start = x * w.stride[2] - w.pads[2];
        const auto taps = w.inside(2, start, pool.in[2]);
        bool alone = true;
        for_each_row(pool, 0, unit % rows, [&](int64_t row) {
          for (int64_t s = taps.first; s < taps.second; ++s, alone = false)
            take_larger(image + (row * pool.in[2] + start + s * w.dilation[2]) * channels, to, channels,
                        alone);
        });
        if (alone) std::fill_n(to, channels, kLowest);
      }
  });
}

class NativeMaxPool final : public OpTactic {
 public:
  NativeMaxPool() : OpTactic("native.max_pool", {"MaxPool"}) {}

  std::unique_ptr<Kernel> make(const NodeDesc& node, std::span<const Tensor>) const override {
    const Shape& shape = node.inputs[0].desc.shape;
    const ops::Pool3d pool = ops::pool3d_from(node.attrs, shape);
    const bool pixels = node.inputs[0].desc.format == Format::kChannelsLast && shape[1] > 1;
    return make_kernel([pool, pixels, channels = shape[1]](const KernelArgs& args) {
      if (pixels) pool_pixels(pool, channels, args.in<float>(0), args.out<float>());
      else pool_planes(pool, args.in<float>(0), args.out<float>());
    });
  }

 protected:
  Support accepts(const NodeDesc& node) const override {
    if (node.outputs.size() > 1) return declined(Reason::kAttribute, "it also gives indices");
    if (Support no = all_of({all_f32(node), none_empty(node), any_one_format(node)}); !no) return no;
    // With one pixel or one channel on one side, the format of the other decides how its memory lies.
    return node.inputs[0].desc.format == node.outputs[0].format
               ? supported()
               : declined(Reason::kFormat, node.outputs[0].to_string());
  }
};

}  // namespace

TWOFOUR_DEFINE_TACTIC(NativeMaxPool)

}  // namespace twofour::cpu
