// TopK on tensors in plain order, of f32 and the common integers.
#include <algorithm>
#include <vector>

#include "base/parallel.h"
#include "cpu/op_tactic.h"
#include "cpu/tactics.h"
#include "ops/indexing/ordering.h"
#include "ops/infer.h"
#include "ops/strided.h"

namespace twofour::cpu {
namespace {

constexpr int64_t kGrain = 4096;  // elements

template <typename T>
struct Entry {
  T value;
  int64_t at;
};

template <typename T, bool kLargest>
bool comes_first(const Entry<T>& a, const Entry<T>& b) {
  if (ops::before(a.value, b.value)) return !kLargest;
  if (ops::before(b.value, a.value)) return kLargest;
  return a.at < b.at;
}

template <typename T, bool kLargest>
std::unique_ptr<Kernel> make_top(const NodeDesc& node) {
  const Shape& shape = node.inputs[0].desc.shape;
  const size_t axis = ops::normalize_axis(node.attrs.i("axis", -1), shape.rank());
  const ops::AxisView view(shape, axis);
  const int64_t k = node.outputs[0].shape[axis];
  return make_kernel([view, k, has_indices = node.outputs.size() > 1](const KernelArgs& args) {
    const T* src = args.in<T>(0);
    T* values = args.out<T>();
    int64_t* indices = has_indices ? args.out<int64_t>(1) : nullptr;
    parallel_ranges(view.outer * view.inner, ceil_div(kGrain, view.size), [&](int64_t first, int64_t last) {
      std::vector<Entry<T>> row(static_cast<size_t>(view.size));
      for (int64_t i = first; i < last; ++i) {
        const T* from = src + i / view.inner * view.size * view.inner + i % view.inner;
        for (int64_t c = 0; c < view.size; ++c) row[static_cast<size_t>(c)] = {from[c * view.inner], c};
        std::partial_sort(row.begin(), row.begin() + k, row.end(), comes_first<T, kLargest>);
        const int64_t to = i / view.inner * k * view.inner + i % view.inner;
        for (int64_t c = 0; c < k; ++c) {
          values[to + c * view.inner] = row[static_cast<size_t>(c)].value;
          if (indices) indices[to + c * view.inner] = row[static_cast<size_t>(c)].at;
        }
      }
    });
  });
}

template <typename T>
std::unique_ptr<Kernel> make_top_of(const NodeDesc& node) {
  return node.attrs.i("largest", 1) != 0 ? make_top<T, true>(node) : make_top<T, false>(node);
}

class NativeTopK final : public OpTactic {
 public:
  NativeTopK() : OpTactic("native.top_k", {"TopK"}) {}

  std::unique_ptr<Kernel> make(const NodeDesc& node, std::span<const Tensor>) const override {
    switch (node.outputs[0].dtype) {
      case DType::kF32: return make_top_of<float>(node);
      case DType::kI32: return make_top_of<int32_t>(node);
      default: return make_top_of<int64_t>(node);
    }
  }

 protected:
  Support accepts(const NodeDesc& node) const override {
    const DType dtype = node.outputs[0].dtype;
    if (dtype != DType::kF32 && dtype != DType::kI32 && dtype != DType::kI64)
      return declined(Reason::kDtype, node.outputs[0].to_string());
    return all_of({all_plain(node), none_empty(node)});
  }
};

}  // namespace

TWOFOUR_DEFINE_TACTIC(NativeTopK)

}  // namespace twofour::cpu
