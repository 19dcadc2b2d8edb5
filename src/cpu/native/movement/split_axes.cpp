// Tile, DepthToSpace and SpaceToDepth: copies between tensors whose axes are split and permuted. Any dtype,
// plain order.
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
    const std::vector<int64_t> own = src.strides();
    Shape extent;
    Place from;
    for (size_t i = 0; i < src.rank(); ++i) {
      extent.push_back(repeats[i]);
      extent.push_back(src[i]);
      from.strides.insert(from.strides.end(), {0, own[i]});
    }
    return make_copy(extent, {extent.strides()}, from, node.outputs[0].dtype);
  }

 protected:
  Support accepts(const NodeDesc& node) const override {
    if (!node.is_constant(1)) return declined(Reason::kAttribute, "repeats are not constant");
    size_t axes = 0;  // that take part
    const std::vector<int64_t> repeats = ops::to_ints(node.inputs[1].data);
    for (size_t i = 0; i < repeats.size(); ++i)
      axes += (repeats[i] > 1 ? 1 : 0) + (node.inputs[0].desc.shape[i] > 1 ? 1 : 0);
    if (axes > kMostAxes) return declined(Reason::kShape, node.inputs[0].desc.to_string());
    return all_of({all_plain(node), none_empty(node)});
  }
};

/// Channels as [block, block, c] ("DCR") or [c, block, block] ("CRD") against space as [h, block] x [w,
/// block].
class NativeDepthToSpace final : public OpTactic {
 public:
  NativeDepthToSpace() : OpTactic("native.depth_to_space", {"DepthToSpace", "SpaceToDepth"}) {}

  std::unique_ptr<Kernel> make(const NodeDesc& node, std::span<const Tensor>) const override {
    const bool to_space = node.op == "DepthToSpace";
    const Shape& deep = to_space ? node.inputs[0].desc.shape : node.outputs[0].shape;
    const Shape& wide = to_space ? node.outputs[0].shape : node.inputs[0].desc.shape;
    const int64_t block = node.attrs.i("blocksize", 1);
    const Shape extent = {deep[0], wide[1], deep[2], block, deep[3], block};  // in the order of the wide one
    const int64_t pixels = deep[2] * deep[3];
    const bool channel_last = node.attrs.s("mode", "DCR") == "DCR";
    const int64_t c = (channel_last ? 1 : block * block) * pixels;
    const int64_t column = (channel_last ? wide[1] : 1) * pixels;
    const Place in_deep = {{deep[1] * pixels, c, deep[3], column * block, 1, column}};
    const Place in_wide = {extent.strides()};
    return to_space ? make_copy(extent, in_wide, in_deep, node.outputs[0].dtype)
                    : make_copy(extent, in_deep, in_wide, node.outputs[0].dtype);
  }

 protected:
  Support accepts(const NodeDesc& node) const override { return all_of({all_plain(node), none_empty(node)}); }
};

}  // namespace

TWOFOUR_DEFINE_TACTIC(NativeTile)
TWOFOUR_DEFINE_TACTIC(NativeDepthToSpace)

}  // namespace twofour::cpu
