#include "ir/type.h"

#include <algorithm>

#include "base/error.h"

namespace twofour {

Dims to_dims(const Shape& shape) { return Dims(shape.begin(), shape.end()); }

ValueType ValueType::unknown(DType dtype) { return {.dtype = dtype, .dims = {}, .known = false}; }

ValueType type_of(const Tensor& tensor) { return {tensor.dtype(), to_dims(tensor.shape())}; }

bool ValueType::is_static() const {
  return known && std::ranges::all_of(dims, [](const Dim& d) { return d.known(); });
}

Shape ValueType::shape() const {
  TWOFOUR_CHECK(known, kFailedPrecondition, "not even the rank is known before a run");
  std::vector<int64_t> sizes;
  for (const Dim& dim : dims) {
    TWOFOUR_CHECK(dim.known(), kFailedPrecondition, "shape {} is not fixed: give the size of dimension {}",
                  to_string(), dim.to_string());
    sizes.push_back(dim.value);
  }
  return Shape(std::move(sizes));
}

std::string ValueType::to_string() const {
  std::string text(dtype_name(dtype));
  if (!known) return text + "[*]";
  text += '[';
  for (size_t i = 0; i < dims.size(); ++i) text += (i ? "," : "") + dims[i].to_string();
  return text + ']';
}

}  // namespace twofour
