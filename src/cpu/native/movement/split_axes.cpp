// Tile, DepthToSpace and SpaceToDepth: copies between tensors whose axes are split and permuted. Any dtype;
// the tensors may lie in either format.
#include "cpu/native/movement/strided_copy.h"
#include "cpu/tactics.h"
#include "ops/infer.h"

namespace twofour::cpu {
namespace {

using Place = StridedCopy::Place;

std::unique_ptr<Kernel> make_copy(const Shape& extent, const Place& dst, const Place& src, DType dtype) {
  return make_kernel([copy = StridedCopy(extent, dst, src, dtype_size(dtype))](const KernelArgs& args) {
    copy.run(args.src[0], args.dst[0]);
  });
}

class NativeTile final : public OpTactic {
 public:
  NativeTile() : OpTactic("native.tile", {"Tile"}) {}

  std::unique_ptr<Kernel> make(const NodeDesc& node, std::span<const Tensor>) const override {
    const Shape& src = node.inputs[0].desc.shape;
    const std::vector<int64_t> repeats = ops::to_ints(node.inputs[1].data);
    const std::vector<int64_t> in_src = strides_in_memory(node.inputs[0].desc);
    const std::vector<int64_t> in_dst = strides_in_memory(node.outputs[0]);
    Shape extent;
    Place from, to;
    for (size_t i = 0; i < src.rank(); ++i) {
      extent.push_back(repeats[i]);
      extent.push_back(src[i]);
      from.strides.insert(from.strides.end(), {0, in_src[i]});
      to.strides.insert(to.strides.end(), {src[i] * in_dst[i], in_dst[i]});
    }
    return make_copy(extent, to, from, node.outputs[0].dtype);
  }

 protected:
  Support accepts(const NodeDesc& node) const override {
    if (!node.is_constant(1)) return declined(Reason::kAttribute, "repeats are not constant");
    size_t axes = 0;  // that take part
    const std::vector<int64_t> repeats = ops::to_ints(node.inputs[1].data);
    for (size_t i = 0; i < repeats.size(); ++i)
      axes += (repeats[i] > 1 ? 1 : 0) + (node.inputs[0].desc.shape[i] > 1 ? 1 : 0);
    if (axes > kMostAxes) return declined(Reason::kShape, node.inputs[0].desc.to_string());
    return none_empty(node);
  }
};

/// Channels as [block, block, c] ("DCR") or [c, block, block] ("CRD") against space as [h, block] x [w,
/// block].
class NativeDepthToSpace final : public OpTactic {
 public:
  NativeDepthToSpace() : OpTactic("native.depth_to_space", {"DepthToSpace", "SpaceToDepth"}) {}

  std::unique_ptr<Kernel> make(const NodeDesc& node, std::span<const Tensor>) const override {
    const bool to_space = node.op == "DepthToSpace";
    const TensorDesc& deep = to_space ? node.inputs[0].desc : node.outputs[0];
    const TensorDesc& wide = to_space ? node.outputs[0] : node.inputs[0].desc;
    const int64_t block = node.attrs.i("blocksize", 1);
    const Shape& size = deep.shape;
    const int64_t channels = wide.shape[1];
    const Shape extent = {size[0], channels, size[2], block, size[3], block};  // in the order of the wide one
    const std::vector<int64_t> d = strides_in_memory(deep), w = strides_in_memory(wide);
    const bool channel_last = node.attrs.s("mode", "DCR") == "DCR";
    const int64_t c = (channel_last ? 1 : block * block) * d[1];
    const int64_t column = (channel_last ? channels : 1) * d[1];
    const Place in_deep = {{d[0], c, d[2], column * block, d[3], column}};
    const Place in_wide = {{w[0], w[1], block * w[2], w[2], block * w[3], w[3]}};
    return to_space ? make_copy(extent, in_wide, in_deep, wide.dtype)
                    : make_copy(extent, in_deep, in_wide, deep.dtype);
  }

 protected:
  Support accepts(const NodeDesc& node) const override { return none_empty(node); }
};

}  // namespace

TWOFOUR_DEFINE_TACTIC(NativeTile)
TWOFOUR_DEFINE_TACTIC(NativeDepthToSpace)

}  // namespace twofour::cpu
