#include "cpu/sparse24/bf16_output.h"

#include "base/half.h"
#include "cpu/native/elementwise/activation.h"

namespace twofour::cpu {

void Bf16Output::write(float* values, int64_t count, const std::byte* residual, std::byte* dst) const {
  const auto size = static_cast<size_t>(count);
  if (const auto* more = reinterpret_cast<const bf16*>(residual))
    for (size_t i = 0; i < size; ++i) values[i] += to_float(more[i]);
  apply_activation(activation_, values, values, count);
  convert(std::span<const float>(values, size), std::span(reinterpret_cast<bf16*>(dst), size));
}

}  // namespace twofour::cpu
