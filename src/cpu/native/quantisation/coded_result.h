// The last step of the operators on codes: the activation, then codes of the values or the values themselves
// (ops/quantisation/output_codes.h).
#pragma once

#include "cpu/native/quantisation/scaled_run.h"
#include "ops/elementwise/activation.h"

namespace twofour::cpu {

class CodedResult {
 public:
  /// From the attributes of the node.
  explicit CodedResult(const Attrs& attrs);
  int64_t element_bytes() const { return element_bytes_; }

  /// dst = activation(values) or its codes, n of them; a block that fits into the cache is best. Changes
  /// `values`, which may be dst where that is f32.
  void store(float* values, int64_t n, std::byte* dst) const;

 private:
  ops::Activation activation_;
  int64_t element_bytes_;
  ScaledRun quantize_;  // null for f32
  float scale_;
  int32_t zero_point_;
};

}  // namespace twofour::cpu
