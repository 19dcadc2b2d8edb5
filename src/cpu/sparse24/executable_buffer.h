// Memory for generated code that is first writable, then executable, never both.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace twofour::cpu {

class ExecutableBuffer {
 public:
  ExecutableBuffer() = default;
  /// Reserves `bytes` of writable, page-aligned memory. Throws Error{kResourceExhausted}.
  explicit ExecutableBuffer(size_t bytes);
  ~ExecutableBuffer();
  ExecutableBuffer(ExecutableBuffer&& other) noexcept;
  ExecutableBuffer& operator=(ExecutableBuffer&& other) noexcept;

  /// The start while writable; nullptr once sealed.
  uint8_t* writable() const { return sealed_ ? nullptr : data_; }
  /// Gives back what lies beyond `used` bytes and makes the rest readable and executable. Throws
  /// Error{kUnsupported} where the system forbids executable memory.
  void seal(size_t used);
  size_t size_bytes() const { return size_; }
  std::span<const std::byte> bytes() const { return {reinterpret_cast<const std::byte*>(data_), size_}; }

 private:
  uint8_t* data_ = nullptr;
  size_t size_ = 0;
  bool sealed_ = false;
};

}  // namespace twofour::cpu
