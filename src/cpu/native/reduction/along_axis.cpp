// ArgMax and ArgMin, CumSum and CumProd: one axis of a tensor in plain order.
#include <functional>

#include "cpu/native/reduction/fold.h"
#include "cpu/op_tactic.h"
#include "cpu/tactics.h"
#include "ops/indexing/ordering.h"
#include "ops/infer.h"
#include "ops/strided.h"

namespace twofour::cpu {
namespace {

constexpr int64_t kColumns = 256;  // of inner, treated together

/// dst[j] = where column j of `rows` rows has its extreme: the first or the last of equal ones.
template <typename T, typename Wins>
void find_extremes(const T* src, int64_t rows, int64_t stride, int64_t columns, bool last, int64_t* dst) {
  run_simd([=]() TWOFOUR_INLINE {
    T best[kColumns];
    int64_t at[kColumns];
    constexpr Wins wins;
    for (int64_t j = 0; j < columns; ++j) {
      best[j] = src[j];
      at[j] = 0;
    }
    for (int64_t row = 1; row < rows; ++row) {
      const T* line = src + row * stride;
#pragma omp simd
      for (int64_t j = 0; j < columns; ++j) {
        const bool better = wins(line[j], best[j]) || (last && !wins(best[j], line[j]));
        best[j] = better ? line[j] : best[j];
        at[j] = better ? row : at[j];
      }
    }
    for (int64_t j = 0; j < columns; ++j) dst[j] = at[j];
  });
}

/// The one of two values that wins, the first when neither does.
template <typename Wins>
struct WinnerOf {
  template <typename T>
  TWOFOUR_INLINE T operator()(T a, T b) const {
    return Wins()(b, a) ? b : a;
  }
};

/// The same for one row of neighbours: its extreme, then where that stands.
template <typename T, typename Wins>
int64_t find_extreme(const T* src, int64_t n, bool last) {
  const T best = fold_row<T, WinnerOf<Wins>>(src, n);
  const auto is_best = [best](T v) { return best == best ? v == best : v != v; };
  if (!last) return std::find_if(src, src + n, is_best) - src;
  int64_t at = n - 1;
  while (!is_best(src[at])) --at;
  return at;
}

template <typename T, typename Wins>
std::unique_ptr<Kernel> make_arg(const NodeDesc& node) {
  const Shape& shape = node.inputs[0].desc.shape;
  const ops::AxisView view(shape, ops::normalize_axis(node.attrs.i("axis", 0), shape.rank()));
  const bool last = node.attrs.i("select_last_index", 0) != 0;
  return make_kernel([view, last](const KernelArgs& args) {
    for_each_block(view, kColumns, [&](int64_t from, int64_t columns, int64_t to) {
      const T* src = args.in<T>(0) + from;
      int64_t* dst = args.out<int64_t>() + to;
      if (view.inner == 1) *dst = find_extreme<T, Wins>(src, view.size, last);
      else find_extremes<T, Wins>(src, view.size, view.inner, columns, last, dst);
    });
  });
}

template <typename T>
std::unique_ptr<Kernel> make_arg_of(const NodeDesc& node) {
  return node.op == "ArgMax" ? make_arg<T, ops::Above>(node) : make_arg<T, ops::Below>(node);
}

class NativeArgExtreme final : public OpTactic {
 public:
  NativeArgExtreme() : OpTactic("native.arg_extreme", {"ArgMax", "ArgMin"}) {}

  std::unique_ptr<Kernel> make(const NodeDesc& node, std::span<const Tensor>) const override {
    switch (node.inputs[0].desc.dtype) {
      case DType::kF32: return make_arg_of<float>(node);
      case DType::kI32: return make_arg_of<int32_t>(node);
      case DType::kI64: return make_arg_of<int64_t>(node);
      default: return make_arg_of<uint8_t>(node);
    }
  }

 protected:
  Support accepts(const NodeDesc& node) const override {
    const DType dtype = node.inputs[0].desc.dtype;
    if (dtype != DType::kF32 && dtype != DType::kI32 && dtype != DType::kI64 && dtype != DType::kU8)
      return declined(Reason::kDtype, node.inputs[0].desc.to_string());
    return all_of({all_plain(node), none_empty(node)});
  }
};

/// Floats add up in double precision.
template <typename T, typename Op>
std::unique_ptr<Kernel> make_cumulative(const NodeDesc& node) {
  using Wide = std::conditional_t<std::is_floating_point_v<T>, double, T>;
  const Shape& shape = node.inputs[0].desc.shape;
  const ops::AxisView view(shape, ops::normalize_axis(ops::to_ints(node.inputs[1].data)[0], shape.rank()));
  const bool reverse = node.attrs.i("reverse", 0) != 0;
  const bool exclusive = node.attrs.i("exclusive", 0) != 0;
  const Wide start = node.op == "CumSum" ? 0 : 1;
  return make_kernel([=](const KernelArgs& args) {
    for_each_block(view, kColumns, [&](int64_t from, int64_t columns, int64_t) {
      const int64_t step = reverse ? -view.inner : view.inner;
      const int64_t begin = from + (reverse ? (view.size - 1) * view.inner : 0);
      run_simd([=, src = args.in<T>(0) + begin, dst = args.out<T>() + begin, rows = view.size]()
                   TWOFOUR_INLINE {
                     constexpr Op op;
                     Wide totals[kColumns];
                     for (int64_t j = 0; j < columns; ++j) totals[j] = start;
                     for (int64_t row = 0; row < rows; ++row) {
#pragma omp simd
                       for (int64_t j = 0; j < columns; ++j) {
                         const Wide next = op(totals[j], static_cast<Wide>(src[row * step + j]));
                         dst[row * step + j] = static_cast<T>(exclusive ? totals[j] : next);
                         totals[j] = next;
                       }
                     }
                   });
    });
  });
}

template <typename T>
std::unique_ptr<Kernel> make_cumulative_of(const NodeDesc& node) {
  return node.op == "CumSum" ? make_cumulative<T, std::plus<>>(node)
                             : make_cumulative<T, std::multiplies<>>(node);
}

class NativeCumulative final : public OpTactic {
 public:
  NativeCumulative() : OpTactic("native.cumulative", {"CumSum", "CumProd"}) {}

  std::unique_ptr<Kernel> make(const NodeDesc& node, std::span<const Tensor>) const override {
    switch (node.outputs[0].dtype) {
      case DType::kF32: return make_cumulative_of<float>(node);
      case DType::kF64: return make_cumulative_of<double>(node);
      case DType::kI32: return make_cumulative_of<uint32_t>(node);  // which wraps around
      default: return make_cumulative_of<uint64_t>(node);
    }
  }

 protected:
  Support accepts(const NodeDesc& node) const override {
    const DType dtype = node.outputs[0].dtype;
    if (dtype != DType::kF32 && dtype != DType::kF64 && dtype != DType::kI32 && dtype != DType::kI64)
      return declined(Reason::kDtype, node.outputs[0].to_string());
    if (!node.is_constant(1)) return declined(Reason::kAttribute, "the axis is not constant");
    return all_of({all_plain(node), none_empty(node)});
  }
};

}  // namespace

TWOFOUR_DEFINE_TACTIC(NativeArgExtreme)
TWOFOUR_DEFINE_TACTIC(NativeCumulative)

}  // namespace twofour::cpu
