// GatherElements and GatherND of any type; ScatterElements and ScatterND, which replace any type and combine
// f32.
#include <cstring>

#include "base/parallel.h"
#include "cpu/native/elementwise/element_ops.h"
#include "cpu/native/indexing/slices.h"
#include "cpu/tactics.h"
#include "ops/indexing/scatter_reduction.h"

namespace twofour::cpu {
namespace {

using ops::ScatterReduction;

constexpr int64_t kGrainBytes = 1 << 16;

/// Both sides of a copy of `n` slices; one of them has its slices in order.
template <typename T>
void copy_slices(const T* src, T* dst, int64_t slice, const int64_t* from, const int64_t* to, int64_t first,
                 int64_t last) {
  for (int64_t i = first; i < last; ++i) {
    const T* s = src + (from ? from[i] : i * slice);
    T* d = dst + (to ? to[i] : i * slice);
    if (slice == 1) *d = *s;
    else std::memcpy(d, s, static_cast<size_t>(slice) * sizeof(T));
  }
}

size_t offset_bytes(const SliceIndex& index) { return static_cast<size_t>(index.count()) * sizeof(int64_t); }

Support indices_ok(const NodeDesc& node) { return all_of({all_plain(node), none_empty(node)}); }

class NativeGatherSlices final : public OpTactic {
 public:
  NativeGatherSlices() : OpTactic("native.gather_slices", {"GatherElements", "GatherND"}) {}

  std::unique_ptr<Kernel> make(const NodeDesc& node, std::span<const Tensor>) const override {
    const SliceIndex index(node);
    return dispatch_size(dtype_size(node.outputs[0].dtype), [&]<typename T>(T) {
      return make_kernel(
          [index](const KernelArgs& args) {
            auto* const offsets = reinterpret_cast<int64_t*>(args.scratch);
            index.find(args.src[1], offsets);
            const int64_t grain = ceil_div(kGrainBytes, index.slice() * static_cast<int64_t>(sizeof(T)));
            parallel_ranges(index.count(), grain, [&](int64_t first, int64_t last) {
              copy_slices(args.in<T>(0), args.out<T>(), index.slice(), offsets, nullptr, first, last);
            });
          },
          offset_bytes(index));
    });
  }

 protected:
  Support accepts(const NodeDesc& node) const override { return indices_ok(node); }
};

/// In the order of the indices, since several may name one element.
template <typename Op>
void combine(const KernelArgs& args, const SliceIndex& index, const int64_t* offsets) {
  run_simd([=, n = index.count(), slice = index.slice(), updates = args.in<float>(2),
            dst = args.out<float>()]() TWOFOUR_INLINE {
    constexpr Op op;
    for (int64_t i = 0; i < n; ++i)
      for (int64_t k = 0; k < slice; ++k)
        dst[offsets[i] + k] = op(dst[offsets[i] + k], updates[i * slice + k]);
  });
}

void combine(ScatterReduction reduction, const KernelArgs& args, const SliceIndex& index,
             const int64_t* offsets) {
  switch (reduction) {
    case ScatterReduction::kMul: return combine<element::MulOf>(args, index, offsets);
    case ScatterReduction::kMax: return combine<element::MaxOf>(args, index, offsets);
    case ScatterReduction::kMin: return combine<element::MinOf>(args, index, offsets);
    default: return combine<element::AddOf>(args, index, offsets);
  }
}

class NativeScatterSlices final : public OpTactic {
 public:
  NativeScatterSlices() : OpTactic("native.scatter_slices", {"ScatterElements", "ScatterND"}) {}

  bool in_place(const NodeDesc& node, size_t input, size_t) const override {
    return input == 0 && same_layout(node.inputs[0].desc, node.outputs[0]);
  }

  std::unique_ptr<Kernel> make(const NodeDesc& node, std::span<const Tensor>) const override {
    const SliceIndex index(node);
    const ScatterReduction reduction = ops::scatter_reduction_from(node.attrs);
    return dispatch_size(dtype_size(node.outputs[0].dtype), [&]<typename T>(T) {
      return make_kernel(
          [index, reduction, bytes = node.outputs[0].size_bytes()](const KernelArgs& args) {
            auto* const offsets = reinterpret_cast<int64_t*>(args.scratch);
            index.find(args.src[1], offsets);
            if (args.dst[0] != args.src[0]) std::memcpy(args.dst[0], args.src[0], bytes);
            if (reduction != ScatterReduction::kNone) combine(reduction, args, index, offsets);
            else copy_slices(args.in<T>(2), args.out<T>(), index.slice(), nullptr, offsets, 0, index.count());
          },
          offset_bytes(index));
    });
  }

 protected:
  Support accepts(const NodeDesc& node) const override {
    if (ops::scatter_reduction_from(node.attrs) != ScatterReduction::kNone &&
        node.outputs[0].dtype != DType::kF32)
      return declined(Reason::kDtype, node.outputs[0].to_string());
    return indices_ok(node);
  }
};

}  // namespace

TWOFOUR_DEFINE_TACTIC(NativeGatherSlices)
TWOFOUR_DEFINE_TACTIC(NativeScatterSlices)

}  // namespace twofour::cpu
