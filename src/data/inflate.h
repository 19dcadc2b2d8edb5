// Gzip and zlib streams in memory, read forward.
#pragma once

#include <zlib.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace twofour::data {

/// Deflate never expands a byte to more than this many.
constexpr int64_t kMaxDeflateRatio = 1032;

class Inflater {
 public:
  /// `bytes` must outlive the object; `name` stands in messages.
  Inflater(std::span<const std::byte> bytes, std::string name);
  ~Inflater();
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  /// Fills `dst` or stops at the end of the stream; returns the bytes written.
  /// Throws Error{kDataCorrupt} on a damaged stream or one that is cut short.
  size_t read(std::span<uint8_t> dst);

 private:
  z_stream stream_{};
  std::string name_;
  bool ended_ = false;
};

}  // namespace twofour::data
