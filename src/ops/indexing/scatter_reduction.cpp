#include "ops/indexing/scatter_reduction.h"

#include "ops/infer.h"

namespace twofour::ops {
namespace {

// Integers wrap around.
template <typename T>
T reduce(ScatterReduction reduction, T a, T b) {
  using Wide = std::conditional_t<std::is_integral_v<T>, uint64_t, T>;
  switch (reduction) {
    case ScatterReduction::kAdd: return static_cast<T>(static_cast<Wide>(a) + static_cast<Wide>(b));
    case ScatterReduction::kMul: return static_cast<T>(static_cast<Wide>(a) * static_cast<Wide>(b));
    case ScatterReduction::kMax: return std::max(a, b);
    case ScatterReduction::kMin: return std::min(a, b);
    default: return b;
  }
}

}  // namespace

ScatterReduction scatter_reduction_from(const Attrs& attrs) {
  const std::string name = attrs.s("reduction", "none");
  if (name == "none") return ScatterReduction::kNone;
  if (name == "add") return ScatterReduction::kAdd;
  if (name == "mul") return ScatterReduction::kMul;
  if (name == "max") return ScatterReduction::kMax;
  TWOFOUR_CHECK(name == "min", kInvalidArgument,
                "reduction \"{}\" is not known; none, add, mul, max and min are", name);
  return ScatterReduction::kMin;
}

void check_scatter_dtype(ScatterReduction reduction, DType dtype) {
  TWOFOUR_CHECK(reduction == ScatterReduction::kNone || dtype != DType::kBool, kUnsupported,
                "bool has no sum, product, maximum or minimum");
}

void scatter_element(ScatterReduction reduction, const Tensor& into, int64_t at, const Tensor& from,
                     int64_t by) {
  if (reduction == ScatterReduction::kNone) {
    const auto size = static_cast<int64_t>(dtype_size(into.dtype()));
    std::copy_n(from.raw() + by * size, size, into.raw() + at * size);
    return;
  }
  dispatch_number(into.dtype(), [&]<typename T>(T) {
    T& value = into.span<T>()[static_cast<size_t>(at)];
    value = reduce(reduction, value, from.span<T>()[static_cast<size_t>(by)]);
  });
}

}  // namespace twofour::ops
