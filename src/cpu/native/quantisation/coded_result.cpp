#include "cpu/native/quantisation/coded_result.h"

#include "cpu/native/elementwise/activation.h"
#include "ops/quantisation/output_codes.h"

namespace twofour::cpu {

CodedResult::CodedResult(const Attrs& attrs) : activation_(ops::activation_from(attrs)) {
  const ops::OutputCodes codes = ops::output_codes_from(attrs);
  element_bytes_ = static_cast<int64_t>(dtype_size(codes.dtype));
  quantize_ = quantize_run(codes.dtype);
  scale_ = codes.scale;
  zero_point_ = static_cast<int32_t>(codes.zero_point);
}

void CodedResult::store(float* values, int64_t n, std::byte* dst) const {
  apply_activation(activation_, values, quantize_ ? values : reinterpret_cast<float*>(dst), n);
  if (quantize_) quantize_(n, reinterpret_cast<const std::byte*>(values), &scale_, &zero_point_, 0, dst);
}

}  // namespace twofour::cpu
