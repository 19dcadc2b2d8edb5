// TableLookup with tables of any type, in any format.
#include "base/cpu.h"
#include "base/parallel.h"
#include "base/tensor.h"
#include "cpu/native/quantisation/table_lookup_avx512vbmi.h"
#include "cpu/op_tactic.h"
#include "cpu/tactics.h"

namespace twofour::cpu {
namespace {

constexpr int64_t kGrain = 16384;

/// dst[i] = table[src[i] ^ flip]: of i8, the byte with its sign flipped counts the entries.
template <typename T>
void look_up(const uint8_t* src, int64_t n, const T* table, uint8_t flip, T* dst) {
  if constexpr (sizeof(T) == 1)
    if (cpu_has(CpuFeature::kAvx512Vbmi)) return look_up_avx512vbmi(src, n, table, flip, dst);
  for (int64_t i = 0; i < n; ++i) dst[i] = table[src[i] ^ flip];
}

template <typename T>
std::unique_ptr<Kernel> make_lookup(const NodeDesc& node) {
  const uint8_t flip = node.inputs[0].desc.dtype == DType::kI8 ? 128 : 0;
  return make_kernel([n = node.outputs[0].shape.numel(), flip](const KernelArgs& args) {
    parallel_ranges(n, kGrain, [&](int64_t begin, int64_t end) {
      look_up(args.in<uint8_t>(0) + begin, end - begin, args.in<T>(1), flip, args.out<T>() + begin);
    });
  });
}

class NativeTableLookup final : public OpTactic {
 public:
  NativeTableLookup() : OpTactic("native.table_lookup", {"TableLookup"}) {}

  bool in_place(const NodeDesc& node, size_t input, size_t) const override {
    return input == 0 && dtype_size(node.outputs[0].dtype) == 1;
  }

  std::unique_ptr<Kernel> make(const NodeDesc& node, std::span<const Tensor>) const override {
    return dispatch_size(dtype_size(node.outputs[0].dtype),
                         [&]<typename T>(T) { return make_lookup<T>(node); });
  }

 protected:
  Support accepts(const NodeDesc& node) const override { return any_one_format(node); }
};

}  // namespace

TWOFOUR_DEFINE_TACTIC(NativeTableLookup)

}  // namespace twofour::cpu
