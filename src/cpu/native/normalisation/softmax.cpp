// Softmax and LogSoftmax on f32 along any axis, in either format: the memory is [outer, n, inner]. With inner
// neighbours the lanes are columns; rows of a few values are transposed into lanes in blocks.
#include <cmath>

#include "base/parallel.h"
#include "cpu/native/loop_nest.h"
#include "cpu/native/vector_math.h"
#include "cpu/tactics.h"
#include "ops/infer.h"

namespace twofour::cpu {
namespace {

constexpr int64_t kLanes = 16;
constexpr int64_t kShortRow = 32;  // transposed up to this length
constexpr int64_t kGrain = 4096;   // elements

/// `lanes` <= kLanes softmaxes of n values each; value k of lane j stands at data[k * stride + j].
template <bool kLog>
TWOFOUR_INLINE inline void softmax_lanes(const float* src, float* dst, int64_t n, int64_t stride,
                                         int64_t lanes) {
  float most[kLanes], sum[kLanes];
  for (int64_t j = 0; j < lanes; ++j) most[j] = src[j];
  for (int64_t k = 1; k < n; ++k)
#pragma omp simd
    for (int64_t j = 0; j < lanes; ++j)
      most[j] = most[j] < src[k * stride + j] ? src[k * stride + j] : most[j];
  for (int64_t j = 0; j < lanes; ++j) sum[j] = 0;
  for (int64_t k = 0; k < n; ++k)
#pragma omp simd
    for (int64_t j = 0; j < lanes; ++j) {
      const float e = vector_exp(src[k * stride + j] - most[j]);
      if (!kLog) dst[k * stride + j] = e;
      sum[j] += e;
    }
  if (kLog) {
    for (int64_t j = 0; j < lanes; ++j) sum[j] = std::log(sum[j]);
    for (int64_t k = 0; k < n; ++k)
#pragma omp simd
      for (int64_t j = 0; j < lanes; ++j) dst[k * stride + j] = src[k * stride + j] - most[j] - sum[j];
    return;
  }
#pragma omp simd
  for (int64_t j = 0; j < lanes; ++j) sum[j] = 1.0F / sum[j];
  for (int64_t k = 0; k < n; ++k)
#pragma omp simd
    for (int64_t j = 0; j < lanes; ++j) dst[k * stride + j] *= sum[j];
}

/// Rows [first, last) of n <= kShortRow neighbours.
template <bool kLog>
void short_rows(const float* src, float* dst, int64_t n, int64_t first, int64_t last) {
  run_simd([=]() TWOFOUR_INLINE {
    float block[kShortRow * kLanes];
    for (int64_t row = first; row < last; row += kLanes) {
      const int64_t lanes = row + kLanes < last ? kLanes : last - row;
      const float* from = src + row * n;
      float* to = dst + row * n;
      for (int64_t j = 0; j < lanes; ++j)
        for (int64_t k = 0; k < n; ++k) block[k * kLanes + j] = from[j * n + k];
      softmax_lanes<kLog>(block, block, n, kLanes, lanes);
      for (int64_t j = 0; j < lanes; ++j)
        for (int64_t k = 0; k < n; ++k) to[j * n + k] = block[k * kLanes + j];
    }
  });
}

template <bool kLog>
void long_rows(const float* src, float* dst, int64_t n, int64_t first, int64_t last) {
  run_simd([=]() TWOFOUR_INLINE {
    for (int64_t row = first; row < last; ++row) {
      const float* from = src + row * n;
      float* to = dst + row * n;
      float most = from[0];
#pragma omp simd reduction(max : most)
      for (int64_t k = 0; k < n; ++k) most = most < from[k] ? from[k] : most;
      float sum = 0;
#pragma omp simd reduction(+ : sum)
      for (int64_t k = 0; k < n; ++k) {
        const float e = vector_exp(from[k] - most);
        if (!kLog) to[k] = e;
        sum += e;
      }
      if (kLog) {
        const float log_sum = std::log(sum);
#pragma omp simd
        for (int64_t k = 0; k < n; ++k) to[k] = from[k] - most - log_sum;
        continue;
      }
      const float factor = 1.0F / sum;
#pragma omp simd
      for (int64_t k = 0; k < n; ++k) to[k] *= factor;
    }
  });
}

template <bool kLog>
void columns(const float* src, float* dst, int64_t n, int64_t inner, int64_t first, int64_t last) {
  const int64_t blocks = (inner + kLanes - 1) / kLanes;
  run_simd([=]() TWOFOUR_INLINE {
    for (int64_t unit = first; unit < last; ++unit) {
      const int64_t column = unit % blocks * kLanes;
      const int64_t at = unit / blocks * n * inner + column;
      const int64_t lanes = column + kLanes < inner ? kLanes : inner - column;
      softmax_lanes<kLog>(src + at, dst + at, n, inner, lanes);
    }
  });
}

/// The memory seen as [outer, n, inner], softmaxes along n.
struct Rows {
  int64_t outer, n, inner;
};

template <bool kLog>
std::unique_ptr<Kernel> make_softmax(const Rows& rows) {
  const auto [outer, n, inner] = rows;
  const int64_t units = outer * ((inner + kLanes - 1) / kLanes);
  const int64_t grain = std::max<int64_t>(kLanes, kGrain / (n * std::min(inner, kLanes)));
  return make_kernel([n = n, inner = inner, units, grain](const KernelArgs& args) {
    const float* from = args.in<float>(0);
    float* to = args.out<float>();
    parallel_ranges(units, grain, [&](int64_t first, int64_t last) {
      if (inner > 1) columns<kLog>(from, to, n, inner, first, last);
      else if (n <= kShortRow) short_rows<kLog>(from, to, n, first, last);
      else long_rows<kLog>(from, to, n, first, last);
    });
  });
}

class NativeSoftmax final : public OpTactic {
 public:
  NativeSoftmax() : OpTactic("native.softmax", {"Softmax", "LogSoftmax"}) {}

  bool in_place(const NodeDesc& node, size_t, size_t) const override {
    return same_layout(node.inputs[0].desc, node.outputs[0]);
  }

  std::unique_ptr<Kernel> make(const NodeDesc& node, std::span<const Tensor>) const override {
    const TensorDesc& dst = node.outputs[0];
    const size_t axis = ops::normalize_axis(node.attrs.i("axis", -1), dst.shape.rank());
    const int64_t n = dst.shape[axis];
    const int64_t inner = n == 1 ? 1 : strides_in_memory(dst)[axis];
    const Rows rows = {dst.shape.numel() / (n * inner), n, inner};
    return node.op == "Softmax" ? make_softmax<false>(rows) : make_softmax<true>(rows);
  }

 protected:
  Support accepts(const NodeDesc& node) const override {
    if (node.outputs[0].shape.rank() == 0) return declined(Reason::kShape, "a scalar");
    return all_of({all_f32(node), none_empty(node), any_one_format(node)});
  }
};

}  // namespace

TWOFOUR_DEFINE_TACTIC(NativeSoftmax)

}  // namespace twofour::cpu
