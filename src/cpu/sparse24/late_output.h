// The last step of a product whose results, f32, become values of another type.
#pragma once

#include <cstddef>
#include <cstdint>

namespace twofour::cpu {

class LateOutput {
 public:
  virtual ~LateOutput() = default;
  int64_t value_bytes() const { return value_bytes_; }
  /// dst = the finished values, which may change. The residual, of dst's type, is null where there is none
  /// and may be dst.
  virtual void write(float* values, int64_t count, const std::byte* residual, std::byte* dst) const = 0;

 protected:
  /// Of a value of dst.
  explicit LateOutput(int64_t value_bytes) : value_bytes_(value_bytes) {}

 private:
  int64_t value_bytes_;
};

}  // namespace twofour::cpu
