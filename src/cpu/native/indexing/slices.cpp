#include "cpu/native/indexing/slices.h"

#include "ops/infer.h"
#include "ops/strided.h"

namespace twofour::cpu {

SliceIndex::SliceIndex(const NodeDesc& node)
    : elements_(node.op.ends_with("Elements")), wide_(node.inputs[1].desc.dtype == DType::kI64) {
  const Shape& src = node.inputs[0].desc.shape;
  const Shape& indices = node.inputs[1].desc.shape;
  const std::vector<int64_t> strides = src.strides();
  if (elements_) {
    const size_t axis = ops::normalize_axis(node.attrs.i("axis", 0), src.rank());
    count_ = indices.numel();
    slice_ = 1;
    sizes_ = {src[axis]};
    strides_ = {strides[axis]};
    shape_ = indices;
    outer_strides_ = strides;
    outer_strides_[axis] = 0;
    return;
  }
  const auto batch = static_cast<size_t>(node.attrs.i("batch_dims", 0));
  const auto depth = static_cast<size_t>(indices[indices.rank() - 1]);
  count_ = indices.numel() / static_cast<int64_t>(depth);
  slice_ = src.numel(batch + depth, src.rank());
  per_batch_ = indices.numel(batch, indices.rank() - 1);
  batch_step_ = src.numel(batch, src.rank());
  for (size_t d = 0; d < depth; ++d) {
    sizes_.push_back(src[batch + d]);
    strides_.push_back(strides[batch + d]);
  }
}

void SliceIndex::find(const std::byte* indices, int64_t* offsets) const {
  if (wide_) find_typed(reinterpret_cast<const int64_t*>(indices), offsets);
  else find_typed(reinterpret_cast<const int32_t*>(indices), offsets);
}

template <typename T>
void SliceIndex::find_typed(const T* indices, int64_t* offsets) const {
  if (elements_) return find_elements(indices, offsets);
  const size_t depth = sizes_.size();
  for (int64_t i = 0; i < count_; ++i) {
    int64_t offset = i / per_batch_ * batch_step_;
    for (size_t d = 0; d < depth; ++d)
      offset += ops::normalize_index(static_cast<int64_t>(*indices++), sizes_[d]) * strides_[d];
    offsets[i] = offset;
  }
}

template <typename T>
void SliceIndex::find_elements(const T* indices, int64_t* offsets) const {
  ops::for_each_offset<1>(shape_, {outer_strides_}, [&](const std::array<int64_t, 1>& at) {
    *offsets++ = at[0] + ops::normalize_index(static_cast<int64_t>(*indices++), sizes_[0]) * strides_[0];
  });
}

}  // namespace twofour::cpu
