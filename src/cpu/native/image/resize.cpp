// Resize as passes over one axis each, in either format: linear and cubic on f32, nearest on any type.
#include <cmath>

#include "base/parallel.h"
#include "base/tensor.h"
#include "cpu/native/loop_nest.h"
#include "cpu/native/simd.h"
#include "cpu/tactics.h"
#include "ops/image/resize_axis.h"

namespace twofour::cpu {
namespace {

constexpr size_t kSrc = 0, kRoi = 1, kScales = 2, kSizes = 3;
constexpr int64_t kGrain = 8192;  // elements

/// Memory seen as [outer, in, inner] becomes [outer, out, inner]; position i is a copy of index[i].
template <typename T>
class NearestPass {
 public:
  using Element = T;
  NearestPass(const ops::Taps& taps, int64_t outer, int64_t in, int64_t inner)
      : outer_(outer),
        in_(in),
        out_(static_cast<int64_t>(taps.index.size())),
        inner_(inner),
        index_(taps.index.begin(), taps.index.end()) {}

  int64_t dst_elements() const { return outer_ * out_ * inner_; }

  void run(const T* src, T* dst) const {
    if (inner_ == 1) return run_single(src, dst);
    parallel_ranges(outer_ * out_, kGrain / inner_, [&](int64_t first, int64_t last) {
      for (int64_t unit = first; unit < last; ++unit)
        std::copy_n(src + (unit / out_ * in_ + index_[unit % out_]) * inner_, inner_, dst + unit * inner_);
    });
  }

 private:
  void run_single(const T* src, T* dst) const {
    parallel_ranges(outer_, kGrain / std::max<int64_t>(out_, 1), [&](int64_t first, int64_t last) {
      run_simd([=, n = out_, in = in_, index = index_.data()]() TWOFOUR_INLINE {
        for (int64_t o = first; o < last; ++o)
          for (int64_t i = 0; i < n; ++i) dst[o * n + i] = src[o * in + index[i]];
      });
    });
  }

  int64_t outer_, in_, out_, inner_;
  std::vector<int32_t> index_;
};

/// The same; position i reads taps [begin[i], begin[i+1]).
class AxisPass {
 public:
  using Element = float;
  AxisPass(const ops::Taps& taps, int64_t outer, int64_t in, int64_t inner)
      : outer_(outer),
        in_(in),
        out_(static_cast<int64_t>(taps.begin.size()) - 1),
        inner_(inner),
        begin_(taps.begin.begin(), taps.begin.end()),
        index_(taps.index.begin(), taps.index.end()),
        weight_(taps.weight.begin(), taps.weight.end()) {
    if (inner_ == 1) pair_up();
  }

  int64_t dst_elements() const { return outer_ * out_ * inner_; }

  void run(const float* src, float* dst) const {
    if (inner_ > 1) return run_rows(src, dst);
    const int64_t grain = std::max<int64_t>(1, kGrain / std::max<int64_t>(out_, 1));
    parallel_ranges(outer_, grain, [&](int64_t first, int64_t last) {
      for (int64_t o = first; o < last; ++o) {
        if (first_.empty()) gather_all(src + o * in_, dst + o * out_);
        else gather_pairs(src + o * in_, dst + o * out_);
      }
    });
  }

 private:
  // With at most two taps everywhere: two indices and weights per position.
  void pair_up() {
    for (int64_t i = 0; i < out_; ++i)
      if (begin_[i + 1] - begin_[i] > 2) return;
    for (int64_t i = 0; i < out_; ++i) {
      const size_t a = begin_[i], b = begin_[i + 1] - 1;
      const float share = a == b ? 0.5F : 1.0F;  // one tap is read twice: 0 times infinity would be NaN
      first_.push_back(index_[a]);
      second_.push_back(index_[b]);
      first_weight_.push_back(weight_[a] * share);
      second_weight_.push_back(weight_[b] * share);
    }
  }

  void gather_pairs(const float* src, float* dst) const {
    run_simd([=, n = out_, i0 = first_.data(), i1 = second_.data(), w0 = first_weight_.data(),
              w1 = second_weight_.data()]() TWOFOUR_INLINE {
#pragma omp simd
      for (int64_t i = 0; i < n; ++i) dst[i] = w0[i] * src[i0[i]] + w1[i] * src[i1[i]];
    });
  }

  void gather_all(const float* src, float* dst) const {
    for (int64_t i = 0; i < out_; ++i) {
      float sum = 0;
      for (size_t k = begin_[i]; k < begin_[i + 1]; ++k) sum += weight_[k] * src[index_[k]];
      dst[i] = sum;
    }
  }

  // Whole rows of `inner` neighbours.
  void run_rows(const float* src, float* dst) const {
    parallel_ranges(outer_ * out_, std::max<int64_t>(1, kGrain / inner_), [&](int64_t first, int64_t last) {
      run_simd([=, this]() TWOFOUR_INLINE {
        for (int64_t unit = first; unit < last; ++unit) {
          const int64_t i = unit % out_;
          const float* from = src + unit / out_ * in_ * inner_;
          float* to = dst + unit * inner_;
          const size_t k = begin_[i];
          const size_t count = begin_[i + 1] - k;
          const float* a = from + index_[k] * inner_;
          if (count == 1) {
            const float w = weight_[k];
#pragma omp simd
            for (int64_t c = 0; c < inner_; ++c) to[c] = w * a[c];
            continue;
          }
          const float* b = from + index_[k + 1] * inner_;
          const float w0 = weight_[k], w1 = weight_[k + 1];
#pragma omp simd
          for (int64_t c = 0; c < inner_; ++c) to[c] = w0 * a[c] + w1 * b[c];
          for (size_t more = k + 2; more < k + count; ++more) {
            const float* row = from + index_[more] * inner_;
            const float w = weight_[more];
#pragma omp simd
            for (int64_t c = 0; c < inner_; ++c) to[c] += w * row[c];
          }
        }
      });
    });
  }

  int64_t outer_, in_, out_, inner_;
  std::vector<size_t> begin_;
  std::vector<int32_t> index_;
  std::vector<float> weight_;
  std::vector<int32_t> first_, second_;
  std::vector<float> first_weight_, second_weight_;
};

std::vector<ops::AxisResize> axes_of(const NodeDesc& node) {
  const auto list = [&](size_t i) { return node.is_constant(i) ? node.inputs[i].data : Tensor(); };
  return ops::resized(node.attrs, node.inputs[kSrc].desc.shape, {list(kRoi), list(kScales), list(kSizes)});
}

template <typename Pass>
class ResizeKernel final : public Kernel {
 public:
  using Element = typename Pass::Element;

  explicit ResizeKernel(const NodeDesc& node) {
    const TensorDesc& src = node.inputs[kSrc].desc;
    const ops::ResizeOptions options(node.attrs);
    std::vector<ops::AxisResize> axes = axes_of(node);
    std::erase_if(axes, [](const ops::AxisResize& a) { return a.in == a.out && a.scale == 1; });
    const auto strides = strides_in_memory(src);
    // What shrinks goes first; then the innermost, whose pass is the slowest per element.
    std::ranges::stable_sort(axes, [&](const ops::AxisResize& a, const ops::AxisResize& b) {
      const auto rank = [&](const ops::AxisResize& x) {
        return std::pair(static_cast<double>(x.out) / static_cast<double>(x.in), strides[x.axis]);
      };
      return rank(a) < rank(b);
    });
    Shape shape = src.shape;
    for (const ops::AxisResize& axis : axes) {
      const int64_t inner = strides_in_memory({src.dtype, shape, src.format})[axis.axis];
      passes_.emplace_back(ops::taps_of(options, axis), shape.numel() / (inner * axis.in), axis.in, inner);
      shape[axis.axis] = axis.out;
    }
    for (size_t i = 0; i + 1 < passes_.size(); ++i)
      between_.push_back(layout_.add(static_cast<size_t>(passes_[i].dst_elements()) * sizeof(Element)));
    numel_ = shape.numel();
  }

  size_t scratch_bytes() const override { return layout_.size(); }

  void run(const KernelArgs& args) const override {
    const Element* src = args.in<Element>(kSrc);
    if (passes_.empty()) std::copy_n(src, numel_, args.out<Element>());
    for (size_t i = 0; i < passes_.size(); ++i) {
      const bool last = i + 1 == passes_.size();
      Element* dst = last ? args.out<Element>() : reinterpret_cast<Element*>(args.scratch + between_[i]);
      passes_[i].run(src, dst);
      src = dst;
    }
  }

 private:
  std::vector<Pass> passes_;
  ScratchLayout layout_;
  std::vector<size_t> between_;
  int64_t numel_ = 0;
};

bool is_nearest(const NodeDesc& node) {
  return ops::ResizeOptions(node.attrs).mode == ops::ResizeOptions::Mode::kNearest;
}

class NativeResize final : public OpTactic {
 public:
  NativeResize() : OpTactic("native.resize", {"Resize"}) {}

  std::unique_ptr<Kernel> make(const NodeDesc& node, std::span<const Tensor>) const override {
    if (!is_nearest(node)) return std::make_unique<ResizeKernel<AxisPass>>(node);
    return dispatch_size(dtype_size(node.outputs[0].dtype), [&]<typename T>(T) -> std::unique_ptr<Kernel> {
      return std::make_unique<ResizeKernel<NearestPass<T>>>(node);
    });
  }

 protected:
  Support accepts(const NodeDesc& node) const override {
    const TensorDesc& src = node.inputs[kSrc].desc;
    if (src.dtype != DType::kF32 && !is_nearest(node)) return declined(Reason::kDtype, src.to_string());
    if (src.format != node.outputs[0].format && !(is_order_neutral(src) && is_order_neutral(node.outputs[0])))
      return declined(Reason::kFormat, "src and dst differ");
    if (src.shape.numel() == 0 || node.outputs[0].shape.numel() == 0 || src.shape.numel() >= INT32_MAX)
      return declined(Reason::kShape, src.to_string());
    for (size_t i = kRoi; i < node.inputs.size(); ++i)
      if (node.has_input(i) && (!node.is_constant(i) || !node.inputs[i].data.defined()))
        return declined(Reason::kAttribute, "sizes are not constant");
    if (ops::ResizeOptions(node.attrs).crops) return declined(Reason::kAttribute, "tf_crop_and_resize");
    return supported();
  }
};

}  // namespace

TWOFOUR_DEFINE_TACTIC(NativeResize)

}  // namespace twofour::cpu
