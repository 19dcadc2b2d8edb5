// Where the slices lie that GatherElements, GatherND, ScatterElements and ScatterND address.
#pragma once

#include <vector>

#include "cpu/op_tactic.h"

namespace twofour::cpu {

/// The indices of a node, read as numbers; slices of `slice` neighbours each.
class SliceIndex {
 public:
  /// `src` is the tensor that is indexed, `node` one of the four.
  explicit SliceIndex(const NodeDesc& node);

  int64_t count() const { return count_; }
  /// Elements of a slice.
  int64_t slice() const { return slice_; }
  /// Where slice i begins in the indexed tensor. `indices` is input 1 of a run. Throws
  /// Error{kInvalidArgument} when an index is out of range.
  void find(const std::byte* indices, int64_t* offsets) const;

 private:
  template <typename T>
  void find_typed(const T* indices, int64_t* offsets) const;
  template <typename T>
  void find_elements(const T* indices, int64_t* offsets) const;

  bool elements_;  // an index per element, along one axis
  bool wide_;      // i64
  int64_t count_, slice_;
  std::vector<int64_t> sizes_, strides_;  // of the indexed axes
  int64_t per_batch_ = 1, batch_step_ = 0;
  Shape shape_;                         // of elementwise indices
  std::vector<int64_t> outer_strides_;  // of the indexed tensor, 0 along the axis
};

}  // namespace twofour::cpu
