// Copies a block of elements between two strided places: what transposing, slicing, joining, expanding and
// changing the memory format come down to.
#pragma once

#include "cpu/native/loop_nest.h"

namespace twofour::cpu {

class StridedCopy {
 public:
  /// Where a block begins and how it steps along each axis, in elements.
  struct Place {
    std::vector<int64_t> strides;
    int64_t offset = 0;
  };

  /// `element_bytes` is 1, 2, 4 or 8. Strides of the source may be 0 or negative.
  StridedCopy(const Shape& extent, const Place& dst, const Place& src, size_t element_bytes);
  void run(const std::byte* src, std::byte* dst) const;

 private:
  template <typename T>
  void run_as(const std::byte* src, std::byte* dst) const;
  template <typename T>
  void copy_runs(const T* src, T* dst) const;
  template <typename T>
  void transpose(const T* src, T* dst) const;

  LoopNest<2> nest_;
  std::array<int64_t, 2> offset_;  // dst, src
  bool empty_;
  size_t element_bytes_;
  size_t row_ = 0;  // the loop with src stride 1 when it is not the innermost
  bool transposes_ = false;
};

}  // namespace twofour::cpu
