// GridSample on f32 in plain order, every mode, any number of spatial dimensions. The taps of a block of
// points are found once and serve all channels.
#include <algorithm>
#include <array>

#include "base/parallel.h"
#include "cpu/native/simd.h"
#include "cpu/op_tactic.h"
#include "cpu/tactics.h"
#include "ops/image/grid_taps.h"

namespace twofour::cpu {
namespace {

constexpr int64_t kMostTaps = 64;
constexpr int64_t kLanes = 64;  // points that one pass over the taps sums up
// A block's taps and a plane of the image share the first-level cache.
constexpr int64_t kBlockTaps = 4096;

struct Problem {
  ops::GridOptions options;
  std::vector<int64_t> spatial;
  int64_t batch, channels, plane, points;
  int64_t taps;
  int64_t block;  // points

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
    block = std::min(ceil_div(points, kLanes), kBlockTaps / taps / kLanes) * kLanes;
  }
};

/// What a block of points reads: element offset[tap * block + point] of a plane, with such a weight; nothing
/// where that is 0.
struct Taps {
  explicit Taps(const Problem& p)
      : problem(p), offset(static_cast<size_t>(p.taps * p.block)), weight(offset.size()) {}

  /// `grid` names the innermost axis first.
  void set(const float* grid, int64_t point) {
    const size_t axes = problem.spatial.size();
    std::array<int64_t, kMostTaps> offsets{};
    std::array<double, kMostTaps> weights{1};
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
      const size_t at = i * static_cast<size_t>(problem.block) + static_cast<size_t>(point);
      offset[at] = static_cast<int32_t>(offsets[i]);
      weight[at] = static_cast<float>(weights[i]);
    }
  }

  const Problem& problem;
  std::vector<int32_t> offset;
  std::vector<float> weight;
};

void sample_block(const Taps& taps, const float* image, int64_t points, float* dst) {
  run_simd([=, &taps]() TWOFOUR_INLINE {
    const int64_t block = taps.problem.block;
    for (int64_t begin = 0; begin < points; begin += kLanes) {
      float sums[kLanes] = {};
      for (int64_t t = 0; t < taps.problem.taps; ++t) {
        const int32_t* offset = taps.offset.data() + t * block + begin;
        const float* weight = taps.weight.data() + t * block + begin;
#pragma omp simd
        for (int64_t i = 0; i < kLanes; ++i) sums[i] += weight[i] != 0 ? weight[i] * image[offset[i]] : 0.0F;
      }
      std::copy_n(sums, std::min(kLanes, points - begin), dst + begin);
    }
  });
}

class NativeGridSample final : public OpTactic {
 public:
  NativeGridSample() : OpTactic("native.grid_sample", {"GridSample"}) {}

  std::unique_ptr<Kernel> make(const NodeDesc& node, std::span<const Tensor>) const override {
    return make_kernel([problem = Problem(node)](const KernelArgs& args) {
      const int64_t blocks = ceil_div(problem.points, problem.block);
      const auto axes = static_cast<int64_t>(problem.spatial.size());
      // Few blocks: threads share a block's channels, and each finds the taps for itself.
      const int64_t parts =
          std::clamp<int64_t>(max_threads() / (problem.batch * blocks), 1, problem.channels);
      parallel_ranges(problem.batch * blocks * parts, 1, [&](int64_t first, int64_t last) {
        Taps taps(problem);
        for (int64_t unit = first; unit < last; ++unit) {
          const int64_t part = unit % parts;
          const int64_t n = unit / parts / blocks;
          const int64_t begin = unit / parts % blocks * problem.block;
          const int64_t points = std::min(problem.block, problem.points - begin);
          for (int64_t i = 0; i < points; ++i)
            taps.set(args.in<float>(1) + (n * problem.points + begin + i) * axes, i);
          for (int64_t c = problem.channels * part / parts; c < problem.channels * (part + 1) / parts; ++c)
            sample_block(taps, args.in<float>(0) + (n * problem.channels + c) * problem.plane, points,
                         args.out<float>() + (n * problem.channels + c) * problem.points + begin);
        }
      });
    });
  }

 protected:
  Support accepts(const NodeDesc& node) const override {
    if (Support no = all_of({all_f32(node), all_plain(node), none_empty(node)}); !no) return no;
    const Problem problem(node);
    if (problem.taps > kMostTaps || problem.plane > INT32_MAX)
      return declined(Reason::kShape, node.inputs[0].desc.to_string());
    return supported();
  }
};

}  // namespace

TWOFOUR_DEFINE_TACTIC(NativeGridSample)

}  // namespace twofour::cpu
