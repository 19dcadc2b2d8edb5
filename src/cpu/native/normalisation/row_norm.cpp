// LayerNormalization, RMSNormalization, InstanceNormalization and GroupNormalization on f32 in plain order:
// rows of neighbours are centred (not RMS) and scaled to variance 1, then multiplied and shifted per column
// or (instances and groups) per channel.
#include <cmath>

#include "base/parallel.h"
#include "cpu/native/simd.h"
#include "cpu/op_tactic.h"
#include "cpu/tactics.h"
#include "ops/infer.h"

namespace twofour::cpu {
namespace {

constexpr int64_t kGrain = 8192;  // elements

struct Rows {
  int64_t count, length;
  int64_t channels;          // of an image; 0: scale and bias per column
  int64_t channels_per_row;  // each a part of the row
  float epsilon;
  bool centred;
};

/// The mean as `centre + rest`, since one f32 of a large mean is too coarse for small deviations.
struct Statistics {
  float centre, rest, inv_std;
};

TWOFOUR_INLINE inline Statistics statistics_of(const float* src, const Rows& rows) {
  const auto n = static_cast<float>(rows.length);
  float sum = 0;
  if (rows.centred) {
#pragma omp simd reduction(+ : sum)
    for (int64_t i = 0; i < rows.length; ++i) sum += src[i];
  }
  const float centre = sum / n;
  float squares = 0, offsets = 0;
#pragma omp simd reduction(+ : squares, offsets)
  for (int64_t i = 0; i < rows.length; ++i) {
    const float offset = src[i] - centre;
    offsets += offset;
    squares += offset * offset;
  }
  const float rest = rows.centred ? offsets / n : 0.0F;
  const float variance = squares / n - rest * rest;  // rounding may leave less than nothing
  return {centre, rest, 1 / std::sqrt((variance < 0 ? 0.0F : variance) + rows.epsilon)};
}

void normalise(const Rows rows, const float* src, const float* scale, const float* bias, float* dst,
               int64_t first, int64_t last) {
  run_simd([=]() TWOFOUR_INLINE {
    for (int64_t row = first; row < last; ++row) {
      const float* from = src + row * rows.length;
      float* to = dst + row * rows.length;
      // Not a structured binding: clang 16 crashes on those in an OpenMP loop.
      const Statistics s = statistics_of(from, rows);
      if (rows.channels > 0) {
        const int64_t area = rows.length / rows.channels_per_row;
        for (int64_t c = 0; c < rows.channels_per_row; ++c) {
          const int64_t channel = (row * rows.channels_per_row + c) % rows.channels;
          const float factor = s.inv_std * scale[channel], offset = bias[channel];
#pragma omp simd
          for (int64_t i = c * area; i < (c + 1) * area; ++i)
            to[i] = (from[i] - s.centre - s.rest) * factor + offset;
        }
      } else if (bias) {
#pragma omp simd
        for (int64_t i = 0; i < rows.length; ++i)
          to[i] = (from[i] - s.centre - s.rest) * s.inv_std * scale[i] + bias[i];
      } else {
#pragma omp simd
        for (int64_t i = 0; i < rows.length; ++i)
          to[i] = (from[i] - s.centre - s.rest) * s.inv_std * scale[i];
      }
    }
  });
}

bool is_per_channel(const NodeDesc& node) {
  return node.op == "InstanceNormalization" || node.op == "GroupNormalization";
}

Rows rows_of(const NodeDesc& node) {
  const Shape& src = node.inputs[0].desc.shape;
  const float epsilon = node.attrs.f("epsilon", 1e-5F);
  if (is_per_channel(node)) {
    const int64_t groups = node.attrs.i("num_groups", src[1]);
    return {.count = src[0] * groups,
            .length = src.numel(1, src.rank()) / groups,
            .channels = src[1],
            .channels_per_row = src[1] / groups,
            .epsilon = epsilon,
            .centred = true};
  }
  const size_t axis = ops::normalize_axis(node.attrs.i("axis", -1), src.rank());
  return {.count = src.numel(0, axis),
          .length = src.numel(axis, src.rank()),
          .channels = 0,
          .channels_per_row = 0,
          .epsilon = epsilon,
          .centred = node.op != "RMSNormalization"};
}

class NativeRowNorm final : public OpTactic {
 public:
  NativeRowNorm()
      : OpTactic("native.row_norm",
                 {"LayerNormalization", "RMSNormalization", "InstanceNormalization", "GroupNormalization"}) {}

  bool in_place(const NodeDesc& node, size_t input, size_t) const override {
    return input == 0 && same_layout(node.inputs[0].desc, node.outputs[0]);
  }

  std::unique_ptr<Kernel> make(const NodeDesc& node, std::span<const Tensor>) const override {
    return make_kernel([rows = rows_of(node)](const KernelArgs& args) {
      const int64_t grain = std::max<int64_t>(1, kGrain / rows.length);
      parallel_ranges(rows.count, grain, [&](int64_t first, int64_t last) {
        normalise(rows, args.in<float>(0), args.in<float>(1), args.in<float>(2), args.out<float>(), first,
                  last);
      });
    });
  }

 protected:
  Support accepts(const NodeDesc& node) const override {
    if (Support no = all_of({all_f32(node), all_plain(node), none_empty(node)}); !no) return no;
    if (node.outputs.size() > 1) return declined(Reason::kAttribute, "it also gives statistics");
    if (is_per_channel(node)) return supported();
    const Rows rows = rows_of(node);
    const Shape& src = node.inputs[0].desc.shape;
    for (size_t i = 1; i < node.inputs.size(); ++i) {
      if (!node.has_input(i)) continue;
      const Shape& s = node.inputs[i].desc.shape;
      size_t ones = 0;
      while (ones < s.rank() && s[ones] == 1) ++ones;
      if (s.numel() != rows.length || s.numel() != src.numel(src.rank() - s.rank() + ones, src.rank()))
        return declined(Reason::kShape, node.inputs[i].desc.to_string() + " is not a whole row");
    }
    return supported();
  }
};

}  // namespace

TWOFOUR_DEFINE_TACTIC(NativeRowNorm)

}  // namespace twofour::cpu
