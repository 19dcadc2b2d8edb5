// QuantizedAveragePool and QuantizedGlobalAveragePool on codes, in either format: whole sums, one scale for
// each window.
#include "cpu/native/elementwise/element_ops.h"
#include "cpu/native/pooling/window_fold.h"
#include "cpu/native/quantisation/coded_result.h"
#include "cpu/native/reduction/fold.h"
#include "cpu/native/reduction/passes.h"
#include "cpu/tactics.h"
#include "ops/quantisation/on_codes.h"

namespace twofour::cpu {
namespace {

constexpr int64_t kMostSummed = int64_t{1} << 23;  // codes: their sum has 31 bits

/// Taps of a window along one axis: those inside the source, and those that the mean counts.
struct Taps {
  int64_t inside, counted;
};

std::vector<Taps> taps_along(const ops::Pool3d& pool, size_t i, bool include_pad) {
  const auto& w = pool.window;
  std::vector<Taps> taps;
  for (int64_t at = 0; at < pool.out[i]; ++at) {
    const auto [first, last] = w.inside(i, at * w.stride[i] - w.pads[i], pool.in[i]);
    taps.push_back({last - first, include_pad ? pool.padded_taps(i, at) : last - first});
  }
  return taps;
}

float inverse(int64_t count) { return count > 0 ? 1 / static_cast<float>(count) : 0.0F; }

/// The pool of one node, over rows of windows.
template <typename T>
class AveragePool {
 public:
  explicit AveragePool(const NodeDesc& node)
      : pool_(ops::pool3d_from(node.attrs, node.inputs[0].desc.shape)),
        inner_(node.inputs[0].desc.format == Format::kChannelsLast ? node.inputs[0].desc.shape[1] : 1),
        rows_(pool_, inner_),
        codes_(ops::input_codes_from(node.attrs, 1)[0]),
        result_(node.attrs) {
    const bool include_pad = node.attrs.i("count_include_pad", 0) != 0;
    depth_ = taps_along(pool_, 0, include_pad);
    height_ = taps_along(pool_, 1, include_pad);
    for (const Taps& taps : taps_along(pool_, 2, include_pad)) {
      const auto inner = static_cast<size_t>(inner_);
      inside_.insert(inside_.end(), inner, static_cast<int32_t>(taps.inside));
      inverse_.insert(inverse_.end(), inner, inverse(taps.counted));
    }
  }

  void operator()(const KernelArgs& args) const {
    rows_.parallel([&](int64_t first, int64_t last) {
      WindowFold<T, int32_t, element::AddOf> fold(pool_, inner_, 0);
      std::vector<int32_t> sums(inside_.size());
      std::vector<float> means(inside_.size());
      for (int64_t unit = first; unit < last; ++unit) {
        const int64_t row = unit % rows_.per_image;
        fold.run(args.in<T>(0) + unit / rows_.per_image * rows_.image, row, sums.data());
        average_row(row, sums.data(), means.data());
        result_.store(means.data(), rows_.length,
                      args.dst[0] + unit * rows_.length * result_.element_bytes());
      }
    });
  }

 private:
  void average_row(int64_t row, const int32_t* sums, float* means) const {
    const Taps& d = depth_[static_cast<size_t>(row / pool_.out[1])];
    const Taps& h = height_[static_cast<size_t>(row % pool_.out[1])];
    const auto zeros = static_cast<int32_t>(d.inside * h.inside * codes_.zero_point);  // in each column
    const float unit = codes_.scale * inverse(d.counted * h.counted);
    run_simd([=, n = rows_.length, inside = inside_.data(), shares = inverse_.data()]() TWOFOUR_INLINE {
#pragma omp simd
      for (int64_t i = 0; i < n; ++i)
        means[i] = static_cast<float>(sums[i] - zeros * inside[i]) * (unit * shares[i]);
    });
  }

  ops::Pool3d pool_;
  int64_t inner_;
  PooledRows rows_;
  ops::InputCodes codes_;
  CodedResult result_;
  std::vector<Taps> depth_, height_;  // by output
  std::vector<int32_t> inside_;       // taps along the width, by element of an output row
  std::vector<float> inverse_;        // of the number of those that count
};

/// sums[c] = the sum of `rows` rows' column c.
template <typename T>
TWOFOUR_INLINE inline void sum_columns(const T* src, int64_t rows, int64_t stride, int64_t columns,
                                       int32_t* sums) {
  std::fill_n(sums, columns, 0);
  for (int64_t row = 0; row < rows; ++row) {
#pragma omp simd
    for (int64_t c = 0; c < columns; ++c) sums[c] += src[row * stride + c];
  }
}

/// sums[p] = the sum of plane p.
template <typename T>
TWOFOUR_INLINE inline void sum_planes(const T* src, int64_t area, int64_t planes, int32_t* sums) {
  for (int64_t plane = 0; plane < planes; ++plane) {
    int32_t sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t i = 0; i < area; ++i) sum += src[plane * area + i];
    sums[plane] = sum;
  }
}

template <typename T>
std::unique_ptr<Kernel> make_global(const NodeDesc& node) {
  const TensorDesc& src = node.inputs[0].desc;
  const int64_t area = src.shape.numel(2, src.shape.rank());
  const bool pixels = src.format == Format::kChannelsLast;
  const AxisPass view =
      pixels ? AxisPass{src.shape[0], area, src.shape[1]} : AxisPass{1, area, src.shape.numel(0, 2)};
  const ops::InputCodes codes = ops::input_codes_from(node.attrs, 1)[0];
  const auto zeros = static_cast<int32_t>(area * codes.zero_point);
  const float unit = codes.scale * inverse(area);
  return make_kernel([=, result = CodedResult(node.attrs)](const KernelArgs& args) {
    constexpr int64_t kColumns = 256;
    for_each_block(view, kColumns, [&](int64_t from, int64_t columns, int64_t to) {
      int32_t sums[kColumns];
      float means[kColumns];
      run_simd([=, &sums, &means, data = args.in<T>(0)]() TWOFOUR_INLINE {
        if (pixels) sum_columns(data + from, area, view.inner, columns, sums);
        else sum_planes(data + to * area, area, columns, sums);
        for (int64_t i = 0; i < columns; ++i) means[i] = static_cast<float>(sums[i] - zeros) * unit;
      });
      result.store(means, columns, args.dst[0] + to * result.element_bytes());
    });
  });
}

template <typename T>
std::unique_ptr<Kernel> make_average(const NodeDesc& node) {
  return node.op == "QuantizedAveragePool" ? make_kernel(AveragePool<T>(node)) : make_global<T>(node);
}

/// The most codes of one window.
int64_t most_summed(const NodeDesc& node) {
  const Shape& src = node.inputs[0].desc.shape;
  if (node.op == "QuantizedGlobalAveragePool") return src.numel(2, src.rank());
  const ops::Pool3d pool = ops::pool3d_from(node.attrs, src);
  int64_t codes = 1;
  for (size_t i = 0; i < 3; ++i) codes *= std::min(pool.window.kernel[i], pool.in[i]);
  return codes;
}

class NativeQuantizedAveragePool final : public OpTactic {
 public:
  NativeQuantizedAveragePool()
      : OpTactic("native.quantized_average_pool", {"QuantizedAveragePool", "QuantizedGlobalAveragePool"}) {}

  std::unique_ptr<Kernel> make(const NodeDesc& node, std::span<const Tensor>) const override {
    return node.inputs[0].desc.dtype == DType::kU8 ? make_average<uint8_t>(node) : make_average<int8_t>(node);
  }

 protected:
  Support accepts(const NodeDesc& node) const override {
    const TensorDesc& src = node.inputs[0].desc;
    const TensorDesc& dst = node.outputs[0];
    if (src.dtype == DType::kF32) return declined(Reason::kDtype, src.to_string());
    if (Support no = none_empty(node); !no) return no;
    if (most_summed(node) > kMostSummed) return declined(Reason::kShape, src.to_string());
    const bool dst_follows = node.op == "QuantizedGlobalAveragePool" || src.format == dst.format;
    return dst_follows ? supported() : declined(Reason::kFormat, dst.to_string());
  }
};

}  // namespace

TWOFOUR_DEFINE_TACTIC(NativeQuantizedAveragePool)

}  // namespace twofour::cpu
