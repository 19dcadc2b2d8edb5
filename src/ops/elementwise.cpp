#include "ops/elementwise.h"

#include <algorithm>

namespace twofour::ops {
namespace {

Dim broadcast_dim(const Dim& a, const Dim& b) {
  if (a == b || b == Dim(1)) return a;
  if (a == Dim(1)) return b;
  TWOFOUR_CHECK(!a.known() || !b.known(), kInvalidArgument, "sizes {} and {} do not broadcast", a.value, b.value);
  return a.known() ? a : b;
}

// Strides of `shape` seen from `dst`: 0 along broadcast axes.
std::vector<int64_t> broadcast_strides(const Shape& shape, const Shape& dst) {
  std::vector<int64_t> result(dst.rank(), 0);
  const std::vector<int64_t> own = shape.strides();
  const size_t extra = dst.rank() - shape.rank();
  for (size_t i = 0; i < shape.rank(); ++i) result[i + extra] = shape[i] == 1 ? 0 : own[i];
  return result;
}

}  // namespace

Dims broadcast_dims(const Dims& a, const Dims& b) {
  Dims dims(std::max(a.size(), b.size()), Dim(1));
  for (size_t i = 0; i < dims.size(); ++i) {
    const Dim x = i < a.size() ? a[a.size() - 1 - i] : Dim(1);
    const Dim y = i < b.size() ? b[b.size() - 1 - i] : Dim(1);
    dims[dims.size() - 1 - i] = broadcast_dim(x, y);
  }
  return dims;
}

void infer_binary(const Node& node, std::span<ValueType> outputs) {
  const ValueType& a = node.input(0)->type();
  const ValueType& b = node.input(1)->type();
  TWOFOUR_CHECK(a.dtype == b.dtype, kInvalidArgument, "inputs are {} and {}; both must have one type",
                a.to_string(), b.to_string());
  outputs[0] = {a.dtype, broadcast_dims(a.dims, b.dims)};
}

void for_each_broadcast(const Shape& a, const Shape& b, const Shape& dst,
                        const std::function<void(size_t, size_t, size_t)>& fn) {
  const std::vector<int64_t> sa = broadcast_strides(a, dst);
  const std::vector<int64_t> sb = broadcast_strides(b, dst);
  std::vector<int64_t> index(dst.rank(), 0);
  const int64_t total = dst.numel();
  int64_t ia = 0;
  int64_t ib = 0;
  for (int64_t i = 0; i < total; ++i) {
    fn(static_cast<size_t>(ia), static_cast<size_t>(ib), static_cast<size_t>(i));
    for (size_t axis = dst.rank(); axis-- > 0;) {
      ia += sa[axis];
      ib += sb[axis];
      if (++index[axis] < dst[axis]) break;
      ia -= sa[axis] * dst[axis];
      ib -= sb[axis] * dst[axis];
      index[axis] = 0;
    }
  }
}

}  // namespace twofour::ops
