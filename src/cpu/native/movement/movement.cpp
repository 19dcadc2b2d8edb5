// Ops that move data without computing: Transpose, Reorder, Expand, Concat, Split, Slice, Pad with a
// constant. Any dtype; the tensors may lie in either format.
#include <cstring>

#include "cpu/native/movement/strided_copy.h"
#include "cpu/tactics.h"
#include "ops/infer.h"
#include "ops/movement/slice_range.h"

namespace twofour::cpu {
namespace {

using Place = StridedCopy::Place;

Place place_of(const TensorDesc& desc) { return {strides_in_memory(desc)}; }

/// A copy between input `src` and output `dst` of the node.
struct Move {
  size_t src, dst;
  StridedCopy copy;
};

std::unique_ptr<Kernel> make_moves(std::vector<Move> moves) {
  return make_kernel([moves = std::move(moves)](const KernelArgs& args) {
    for (const Move& move : moves) move.copy.run(args.src[move.src], args.dst[move.dst]);
  });
}

class MovementTactic : public OpTactic {
 protected:
  using OpTactic::OpTactic;

  Support accepts(const NodeDesc& node) const override { return ranks_ok(node); }

  /// Inputs [first, last) say where data goes, so they must be known now.
  static Support known(const NodeDesc& node, size_t first, size_t last) {
    for (size_t i = first; i < last; ++i)
      if (node.has_input(i) && !node.is_constant(i))
        return declined(Reason::kAttribute, fmt::format("input {} is not constant", i));
    return supported();
  }
};

class NativeTranspose final : public MovementTactic {
 public:
  NativeTranspose() : MovementTactic("native.transpose", {"Transpose"}) {}

  std::unique_ptr<Kernel> make(const NodeDesc& node, std::span<const Tensor>) const override {
    const TensorDesc& dst = node.outputs[0];
    std::vector<int64_t> perm = node.attrs.ints("perm");
    if (perm.empty())
      for (size_t i = dst.shape.rank(); i-- > 0;) perm.push_back(static_cast<int64_t>(i));
    const std::vector<int64_t> own = strides_in_memory(node.inputs[0].desc);
    Place src;
    for (const int64_t axis : perm) src.strides.push_back(own[static_cast<size_t>(axis)]);
    return make_moves({{0, 0, StridedCopy(dst.shape, place_of(dst), src, dtype_size(dst.dtype))}});
  }
};

/// Reorder and Expand: the shape says everything.
class NativeExpand final : public MovementTactic {
 public:
  NativeExpand() : MovementTactic("native.expand", {"Reorder", "Expand"}) {}

  std::unique_ptr<Kernel> make(const NodeDesc& node, std::span<const Tensor>) const override {
    const TensorDesc& dst = node.outputs[0];
    const Place src = {broadcast_strides_in_memory(node.inputs[0].desc, dst.shape)};
    return make_moves({{0, 0, StridedCopy(dst.shape, place_of(dst), src, dtype_size(dst.dtype))}});
  }
};

class NativeConcat final : public MovementTactic {
 public:
  NativeConcat() : MovementTactic("native.concat", {"Concat", "Split"}) {}

  std::unique_ptr<Kernel> make(const NodeDesc& node, std::span<const Tensor>) const override {
    const bool joins = node.op == "Concat";
    const TensorDesc& whole = joins ? node.outputs[0] : node.inputs[0].desc;
    const size_t axis = ops::normalize_axis(node.attrs.i("axis", 0), whole.shape.rank());
    Place inside = place_of(whole);
    const int64_t step = inside.strides[axis];
    std::vector<Move> moves;
    for (size_t i = 0; i < (joins ? node.inputs.size() : node.outputs.size()); ++i) {
      const TensorDesc& part = joins ? node.inputs[i].desc : node.outputs[i];
      const size_t bytes = dtype_size(part.dtype);
      if (joins) moves.push_back({i, 0, StridedCopy(part.shape, inside, place_of(part), bytes)});
      else moves.push_back({0, i, StridedCopy(part.shape, place_of(part), inside, bytes)});
      inside.offset += part.shape[axis] * step;
    }
    return make_moves(std::move(moves));
  }
};

class NativeSlice final : public MovementTactic {
 public:
  NativeSlice() : MovementTactic("native.slice", {"Slice"}) {}

  std::unique_ptr<Kernel> make(const NodeDesc& node, std::span<const Tensor>) const override {
    const TensorDesc& dst = node.outputs[0];
    const Shape& shape = node.inputs[0].desc.shape;
    const std::vector<int64_t> starts = ops::to_ints(node.inputs[1].data);
    const std::vector<int64_t> ends = ops::to_ints(node.inputs[2].data);
    Place src = place_of(node.inputs[0].desc);
    for (size_t i = 0; i < starts.size(); ++i) {
      const size_t axis =
          node.has_input(3) ? ops::normalize_axis(ops::to_ints(node.inputs[3].data)[i], shape.rank()) : i;
      const int64_t step = node.has_input(4) ? ops::to_ints(node.inputs[4].data)[i] : 1;
      const ops::SliceRange range = ops::slice_range(shape[axis], starts[i], ends[i], step);
      src.offset += range.start * src.strides[axis];
      src.strides[axis] *= step;
    }
    return make_moves({{0, 0, StridedCopy(dst.shape, place_of(dst), src, dtype_size(dst.dtype))}});
  }

 protected:
  Support accepts(const NodeDesc& node) const override { return all_of({ranks_ok(node), known(node, 1, 5)}); }
};

class NativePad final : public MovementTactic {
 public:
  NativePad() : MovementTactic("native.pad", {"Pad"}) {}

  std::unique_ptr<Kernel> make(const NodeDesc& node, std::span<const Tensor>) const override {
    const TensorDesc& src = node.inputs[0].desc;
    const TensorDesc& dst = node.outputs[0];
    const std::vector<int64_t> pads = ops::to_ints(node.inputs[1].data);
    const size_t bytes = dtype_size(dst.dtype);
    Place from = place_of(src);
    Place to = place_of(dst);
    Shape kept = src.shape;
    for (size_t i = 0; i < kept.rank(); ++i) {  // negative pads cut
      const int64_t begin = pads[i];
      const int64_t end = pads[i + kept.rank()];
      kept[i] += std::min<int64_t>(begin, 0) + std::min<int64_t>(end, 0);
      from.offset -= std::min<int64_t>(begin, 0) * from.strides[i];
      to.offset += std::max<int64_t>(begin, 0) * to.strides[i];
    }
    const Place one = {std::vector<int64_t>(dst.shape.rank(), 0)};
    return make_kernel([fill = StridedCopy(dst.shape, place_of(dst), one, bytes),
                        copy = StridedCopy(kept, to, from, bytes),
                        has_value = node.has_input(2)](const KernelArgs& args) {
      constexpr std::array<std::byte, 8> kZero{};
      fill.run(has_value ? args.src[2] : kZero.data(), args.dst[0]);
      copy.run(args.src[0], args.dst[0]);
    });
  }

 protected:
  Support accepts(const NodeDesc& node) const override {
    const std::string mode = node.attrs.s("mode", "constant");
    if (mode != "constant") return declined(Reason::kAttribute, "mode " + mode);
    if (node.has_input(3)) return declined(Reason::kAttribute, "axes");
    return all_of({ranks_ok(node), known(node, 1, 2)});
  }
};

}  // namespace

TWOFOUR_DEFINE_TACTIC(NativeTranspose)
TWOFOUR_DEFINE_TACTIC(NativeExpand)
TWOFOUR_DEFINE_TACTIC(NativeConcat)
TWOFOUR_DEFINE_TACTIC(NativeSlice)
TWOFOUR_DEFINE_TACTIC(NativePad)

}  // namespace twofour::cpu
