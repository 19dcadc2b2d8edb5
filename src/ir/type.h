// ValueType: dtype and dims of a value. A dim is a number, a named symbol ("N") or unknown.
#pragma once

#include <string>
#include <vector>

#include "base/shape.h"
#include "base/tensor.h"
#include "twofour/dtype.h"

namespace twofour {

struct Dim {
  static constexpr int64_t kUnknown = -1;

  Dim() = default;
  Dim(int64_t size) : value(size) {}  // NOLINT(google-explicit-constructor): a number is a dim
  static Dim named(std::string symbol) {
    Dim dim;
    dim.symbol = std::move(symbol);
    return dim;
  }

  bool known() const { return value >= 0; }
  int64_t size_or(int64_t otherwise) const { return known() ? value : otherwise; }
  /// "32", "N" or "?".
  std::string to_string() const { return known() ? std::to_string(value) : symbol.empty() ? "?" : symbol; }
  bool operator==(const Dim&) const = default;

  int64_t value = kUnknown;
  std::string symbol;  // only when !known()
};

using Dims = std::vector<Dim>;

Dims to_dims(const Shape& shape);

struct ValueType {
  DType dtype = DType::kF32;
  Dims dims;
  /// False: not even the rank is known, because data or sizes decide it that come with the inputs (a branch
  /// that is taken, the target of a Reshape). `dims` is not valid then.
  bool known = true;

  /// Of an unknown rank; `dtype` where that does not depend on it.
  static ValueType unknown(DType dtype = DType::kF32);
  bool is_static() const;
  /// Throws Error{kFailedPrecondition} when a dim is not known.
  Shape shape() const;
  /// "f32[N,3,32,32]"; "f32[*]" when the rank is not known.
  std::string to_string() const;
  bool operator==(const ValueType&) const = default;
};

ValueType type_of(const Tensor& tensor);

}  // namespace twofour
