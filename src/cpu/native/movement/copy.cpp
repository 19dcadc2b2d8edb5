// Ops that keep the data and its order: nothing to do in place, one parallel copy otherwise.
#include <cstring>

#include "base/parallel.h"
#include "cpu/op_tactic.h"
#include "cpu/tactics.h"

namespace twofour::cpu {
namespace {

class NativeCopy final : public OpTactic {
 public:
  NativeCopy()
      : OpTactic("native.copy", {"Identity", "Dropout", "Reshape", "Flatten", "Squeeze", "Unsqueeze"}) {}

  bool in_place(const NodeDesc&, size_t input, size_t) const override { return input == 0; }

  std::unique_ptr<Kernel> make(const NodeDesc& node, std::span<const Tensor>) const override {
    return make_kernel([bytes = static_cast<int64_t>(node.outputs[0].size_bytes())](const KernelArgs& args) {
      const std::byte* src = args.src[0];
      std::byte* dst = args.dst[0];
      if (src == dst) return;
      parallel_ranges(bytes, 1 << 18, [&](int64_t begin, int64_t end) {
        std::memcpy(dst + begin, src + begin, static_cast<size_t>(end - begin));
      });
    });
  }

 protected:
  Support accepts(const NodeDesc& node) const override {
    if (node.outputs.size() > 1) return declined(Reason::kAttribute, "a mask output");
    if (node.op == "Dropout" && node.has_input(2) &&
        (!node.is_constant(2) || node.inputs[2].data.span<bool>()[0]))
      return declined(Reason::kAttribute, "training_mode");
    const TensorDesc& src = node.inputs[0].desc;
    if (same_layout(src, node.outputs[0])) return supported();
    return all_plain(node);
  }
};

}  // namespace

TWOFOUR_DEFINE_TACTIC(NativeCopy)

}  // namespace twofour::cpu
