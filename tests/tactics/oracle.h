// What operators give on any values, from the ONNX specification and IEEE 754, in extended precision. Shares
// no code with the product: formulas and loops are written out once more, slowly.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/tensor.h"
#include "ir/attrs.h"

namespace twofour::oracle {

using Real = long double;  // holds every f64 and every 64-bit integer

struct Array {
  DType dtype = DType::kF32;
  Shape shape;
  std::vector<Real> at;  // row-major
  bool present = true;
};
Array array_of(const Tensor& tensor);

struct Question {
  std::string op;
  Attrs attrs;
  std::vector<Array> in;
  std::vector<Array> out;  // types and shapes; no values
  /// A weight that is 0 was pruned: it is not there, so that what it would multiply is not read.
  bool pruned = false;
  bool has(size_t i) const { return i < in.size() && in[i].present; }
};

/// One output. `scale`: the largest magnitude on the way to each value, which says how much rounding is
/// allowed and where f32 may overflow although the result would fit.
struct Expected {
  std::vector<Real> at;
  std::vector<Real> scale;
  /// Elements that may also be not finite: where a weight that is not finite lies over padding, which is
  /// left out or multiplied as zeros.
  std::vector<bool> unclear;
  bool signed_zero = false;  // the sign of a zero is part of the result
  Expected() = default;
  explicit Expected(size_t count) : at(count, 0), scale(count, 0) {}
};
using Answer = std::vector<Expected>;
using Formula = Answer (*)(const Question&);
using Table = std::map<std::string_view, Formula>;

/// The operators that have a formula.
const Table& elementwise();
const Table& selections();  // reductions, pools, maxima
const Table& products();    // convolutions and matrix products, fused ones too
const Table& norms();
const Table& recurrences();
Formula find(std::string_view op);

/// `axis`, counted from the end when negative.
size_t axis_of(int64_t axis, const Shape& shape);
/// What position `at` of `to`, to which the array broadcasts, reads of it.
Real broadcast(const Array& array, const Shape& to, size_t at);
/// Calls fn(row, its values, where each stands) for every row along `axis`.
template <typename Fn>
void for_each_row(const Array& src, int64_t axis, const Fn& fn) {
  if (src.at.empty()) return;
  const size_t along = axis_of(axis, src.shape);
  const auto size = static_cast<size_t>(src.shape[along]);
  const auto inner = static_cast<size_t>(src.shape.numel(along + 1, src.shape.rank()));
  for (size_t row = 0; row < src.at.size() / size; ++row) {
    std::vector<Real> values;
    std::vector<size_t> places;
    for (size_t k = 0; k < size; ++k) {
      places.push_back((row / inner * size + k) * inner + row % inner);
      values.push_back(src.at[places.back()]);
    }
    fn(row, values, places);
  }
}

/// FusedConv's activations and the functions of the same names.
Real activation(const Attrs& attrs, Real v);
/// A number of another type: floats round, truth is what is not 0, integers wrap around; a float that is no
/// such integer becomes the nearer end, NaN 0.
Real cast(Real v, DType from, DType to);
/// The function of one number that `op` is.
Real unary(std::string_view op, const Attrs& attrs, Real v);

/// Empty when `actual` is what was expected within `eps` epsilons of its type, else what differs.
std::string mismatch(const Tensor& actual, const Expected& expected, double eps);

}  // namespace twofour::oracle
