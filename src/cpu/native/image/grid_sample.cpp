// GridSample on f32 in plain order, every mode, any number of spatial dimensions. The taps of a block of
// points are found once and serve all channels.
#include <cmath>

#include "base/parallel.h"
#include "cpu/native/simd.h"
#include "cpu/op_tactic.h"
#include "cpu/tactics.h"
#include "ops/image/grid_taps.h"

namespace twofour::cpu {
namespace {

constexpr int64_t kPoints = 64;  // of a block
constexpr size_t kMostTaps = 64;

struct Problem {
  ops::GridOptions options;
  std::vector<int64_t> spatial;
  int64_t batch, channels, plane, points;
  int64_t taps;

  explicit Problem(const NodeDesc& node) : options(ops::grid_options_from(node.attrs)) {
    const Shape& src = node.inputs[0].desc.shape;
    const Shape& dst = node.outputs[0].shape;
    spatial.assign(src.dims().begin() + 2, src.dims().end());
    batch = src[0];
    channels = src[1];
    plane = src.numel(2, src.rank());
    points = dst.numel(2, dst.rank());
    taps = 1;
    for (size_t i = 0; i < spatial.size(); ++i) taps *= static_cast<int64_t>(options.taps());
  }
};

/// What a block of points reads: element `offset` of a plane with `weight`; nothing where that is 0.
struct Taps {
  int32_t offset[kMostTaps][kPoints];
  float weight[kMostTaps][kPoints];

  /// `grid` names the innermost axis first.
  void set(const Problem& problem, const float* grid, int64_t point) {
    const size_t axes = problem.spatial.size();
    int64_t offsets[kMostTaps] = {};
    double weights[kMostTaps] = {1};
    size_t count = 1;
    for (size_t axis = 0; axis < axes; ++axis) {
      const ops::GridTaps own(problem.options, double{grid[axes - 1 - axis]}, problem.spatial[axis]);
      for (size_t i = count; i-- > 0;)
        for (size_t t = own.count; t-- > 0;) {
          const bool inside = own.index[t] >= 0;
          offsets[i * own.count + t] = offsets[i] * problem.spatial[axis] + (inside ? own.index[t] : 0);
          weights[i * own.count + t] = inside ? weights[i] * own.weight[t] : 0;
        }
      count *= own.count;
    }
    for (size_t i = 0; i < count; ++i) {
      offset[i][point] = static_cast<int32_t>(offsets[i]);
      weight[i][point] = static_cast<float>(weights[i]);
    }
  }
};

void sample_block(const Taps& taps, int64_t count, const float* image, int64_t points, float* dst) {
  run_simd([=, &taps]() TWOFOUR_INLINE {
    float sums[kPoints] = {};
    for (int64_t t = 0; t < count; ++t) {
      const int32_t* offset = taps.offset[t];
      const float* weight = taps.weight[t];
#pragma omp simd
      for (int64_t i = 0; i < kPoints; ++i) sums[i] += weight[i] != 0 ? weight[i] * image[offset[i]] : 0.0F;
    }
    for (int64_t i = 0; i < points; ++i) dst[i] = sums[i];
  });
}

class NativeGridSample final : public OpTactic {
 public:
  NativeGridSample() : OpTactic("native.grid_sample", {"GridSample"}) {}

  std::unique_ptr<Kernel> make(const NodeDesc& node, std::span<const Tensor>) const override {
    return make_kernel([problem = Problem(node)](const KernelArgs& args) {
      const int64_t blocks = ceil_div(problem.points, kPoints);
      const auto axes = static_cast<int64_t>(problem.spatial.size());
      parallel_ranges(problem.batch * blocks, 1, [&](int64_t first, int64_t last) {
        Taps taps{};
        for (int64_t unit = first; unit < last; ++unit) {
          const int64_t n = unit / blocks;
          const int64_t begin = unit % blocks * kPoints;
          const int64_t points = std::min(kPoints, problem.points - begin);
          for (int64_t i = 0; i < points; ++i)
            taps.set(problem, args.in<float>(1) + (n * problem.points + begin + i) * axes, i);
          for (int64_t c = n * problem.channels; c < (n + 1) * problem.channels; ++c)
            sample_block(taps, problem.taps, args.in<float>(0) + c * problem.plane, points,
                         args.out<float>() + c * problem.points + begin);
        }
      });
    });
  }

 protected:
  Support accepts(const NodeDesc& node) const override {
    if (Support no = all_of({all_f32(node), all_plain(node), none_empty(node)}); !no) return no;
    const Problem problem(node);
    if (problem.taps > static_cast<int64_t>(kMostTaps) || problem.plane > INT32_MAX)
      return declined(Reason::kShape, node.inputs[0].desc.to_string());
    return supported();
  }
};

}  // namespace

TWOFOUR_DEFINE_TACTIC(NativeGridSample)

}  // namespace twofour::cpu
