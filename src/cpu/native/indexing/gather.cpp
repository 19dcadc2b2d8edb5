// Gather of any type: blocks of neighbours copied by index.
#include <cstring>

#include "base/parallel.h"
#include "cpu/op_tactic.h"
#include "cpu/tactics.h"
#include "ops/infer.h"

namespace twofour::cpu {
namespace {

constexpr int64_t kGrainBytes = 32768;

/// Throws Error{kInvalidArgument} on an index outside [-size, size).
template <typename Index>
void check_indices(const Index* indices, int64_t count, int64_t size) {
  for (int64_t i = 0; i < count; ++i) ops::normalize_index(indices[i], size);
}

template <typename Index>
std::unique_ptr<Kernel> make_gather(const NodeDesc& node) {
  const TensorDesc& src = node.inputs[0].desc;
  const size_t axis = ops::normalize_axis(node.attrs.i("axis", 0), src.shape.rank());
  const int64_t size = src.shape[axis];
  const int64_t outer = src.shape.numel(0, axis);
  const int64_t block =
      src.shape.numel(axis + 1, src.shape.rank()) * static_cast<int64_t>(dtype_size(src.dtype));
  const int64_t count = node.inputs[1].desc.shape.numel();
  return make_kernel([=](const KernelArgs& args) {
    const auto* indices = args.in<Index>(1);
    check_indices(indices, count, size);
    parallel_ranges(
        outer * count, std::max<int64_t>(1, kGrainBytes / block), [&](int64_t begin, int64_t end) {
          for (int64_t i = begin; i < end; ++i) {
            const auto index = static_cast<int64_t>(indices[i % count]);
            const int64_t row = i / count * size + (index < 0 ? index + size : index);
            std::memcpy(args.dst[0] + i * block, args.src[0] + row * block, static_cast<size_t>(block));
          }
        });
  });
}

class NativeGather final : public OpTactic {
 public:
  NativeGather() : OpTactic("native.gather", {"Gather"}) {}

  std::unique_ptr<Kernel> make(const NodeDesc& node, std::span<const Tensor>) const override {
    return node.inputs[1].desc.dtype == DType::kI64 ? make_gather<int64_t>(node) : make_gather<int32_t>(node);
  }

 protected:
  Support accepts(const NodeDesc& node) const override { return all_of({all_plain(node), none_empty(node)}); }
};

}  // namespace

TWOFOUR_DEFINE_TACTIC(NativeGather)

}  // namespace twofour::cpu
