// Shape: the sizes of a dense row-major tensor, outermost first. A scalar has rank 0 and one element.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

namespace twofour {

class Shape {
 public:
  Shape() = default;
  Shape(std::initializer_list<int64_t> dims) : dims_(dims) {}
  explicit Shape(std::vector<int64_t> dims) : dims_(std::move(dims)) {}

  size_t rank() const { return dims_.size(); }
  int64_t operator[](size_t axis) const { return dims_[axis]; }
  int64_t& operator[](size_t axis) { return dims_[axis]; }
  auto begin() const { return dims_.begin(); }
  auto end() const { return dims_.end(); }
  const std::vector<int64_t>& dims() const { return dims_; }
  void push_back(int64_t dim) { dims_.push_back(dim); }

  /// Product of all sizes. Throws Error{kResourceExhausted} when it does not fit 63 bits.
  int64_t numel() const;
  /// Product of the sizes of axes [first, last).
  int64_t numel(size_t first, size_t last) const;
  /// Elements to step by one along each axis. Throws as numel() does.
  std::vector<int64_t> strides() const;
  /// "8x3x32x32"; "scalar" for rank 0.
  std::string to_string() const;

  bool operator==(const Shape&) const = default;

 private:
  std::vector<int64_t> dims_;
};

}  // namespace twofour
