// GridSample on f32 in plain order, every mode, any number of spatial dimensions. The taps of a block of
// points are found once and serve all channels.
#include <algorithm>
#include <array>

#include "base/parallel.h"
#include "cpu/op_tactic.h"
#include "cpu/tactics.h"
#include "ops/image/grid_taps.h"

namespace twofour::cpu {
namespace {

constexpr int64_t kMostTaps = 64;
// A block's taps and the planes that are read together share the first-level cache.
constexpr int64_t kBlockTaps = 2048;
constexpr int64_t kChannels = 4;  // that share the loads of a tap

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
    for (size_t i = 0; i < spatial.size() && taps <= kMostTaps; ++i)
      taps *= static_cast<int64_t>(options.taps());
    block = std::clamp<int64_t>(kBlockTaps / taps, 1, std::max<int64_t>(points, 1));
  }
};

/// What a point reads: element `offset` of a plane, times `weight`; nothing where that is 0.
struct Tap {
  int64_t offset;
  float weight;
};

/// `grid` names the innermost axis first.
void find_taps(const Problem& problem, const float* grid, Tap* taps) {
  const size_t axes = problem.spatial.size();
  std::array<int64_t, kMostTaps> offsets;
  std::array<double, kMostTaps> weights;
  offsets[0] = 0;
  weights[0] = 1;
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
  for (size_t i = 0; i < count; ++i) taps[i] = {offsets[i], static_cast<float>(weights[i])};
}

/// Plain loads: CPUs gather no faster, and some much slower.
template <int64_t kCount>
void sample(const Problem& problem, const Tap* taps, const float* image, int64_t points, float* dst) {
  for (int64_t i = 0; i < points; ++i, taps += problem.taps) {
    std::array<float, kCount> sums{};
    for (int64_t t = 0; t < problem.taps; ++t) {
      if (taps[t].weight == 0) continue;
      for (int64_t c = 0; c < kCount; ++c)
        sums[static_cast<size_t>(c)] += taps[t].weight * image[c * problem.plane + taps[t].offset];
    }
    for (int64_t c = 0; c < kCount; ++c) dst[c * problem.points + i] = sums[static_cast<size_t>(c)];
  }
}

void sample_channels(const Problem& problem, const Tap* taps, const float* image, int64_t channels,
                     int64_t points, float* dst) {
  int64_t c = 0;
  for (; c + kChannels <= channels; c += kChannels)
    sample<kChannels>(problem, taps, image + c * problem.plane, points, dst + c * problem.points);
  for (; c < channels; ++c)
    sample<1>(problem, taps, image + c * problem.plane, points, dst + c * problem.points);
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
        std::vector<Tap> taps(static_cast<size_t>(problem.taps * problem.block));
        for (int64_t unit = first; unit < last; ++unit) {
          const int64_t n = unit / parts / blocks;
          const int64_t begin = unit / parts % blocks * problem.block;
          const int64_t points = std::min(problem.block, problem.points - begin);
          for (int64_t i = 0; i < points; ++i)
            find_taps(problem, args.in<float>(1) + (n * problem.points + begin + i) * axes,
                      taps.data() + i * problem.taps);
          const int64_t c = problem.channels * (unit % parts) / parts;
          const int64_t channels = problem.channels * (unit % parts + 1) / parts - c;
          sample_channels(problem, taps.data(),
                          args.in<float>(0) + (n * problem.channels + c) * problem.plane, channels, points,
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
