#include "ops/elementwise/elementwise.h"

#include <algorithm>
#include <cmath>

namespace twofour::ops {
namespace {

Dim broadcast_dim(const Dim& a, const Dim& b) {
  if (a == b || b == Dim(1)) return a;
  if (a == Dim(1)) return b;
  TWOFOUR_CHECK(!a.known() || !b.known(), kInvalidArgument, "sizes {} and {} do not broadcast", a.value,
                b.value);
  return a.known() ? a : b.known() ? b : Dim();
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

double round_half_even(double v) {
  const double down = std::floor(v);
  const double rest = v - down;
  const bool up = rest > 0.5 || (rest == 0.5 && std::fmod(down, 2) != 0);
  return std::copysign(up ? down + 1 : down, v);
}

}  // namespace twofour::ops
