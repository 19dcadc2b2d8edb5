// Helpers for the examples that op files carry.
#pragma once

#include "ops/op_def.h"

namespace twofour::ops {

/// A constant i64 vector.
inline ExampleInput example_ints(std::vector<float> values) {
  const auto count = static_cast<int64_t>(values.size());
  return {.dtype = DType::kI64, .shape = {count}, .values = std::move(values), .constant = true};
}

}  // namespace twofour::ops
