// Error: what twofour throws. what() is the full text: what was wrong, what was given, what is expected, and
// the file, node or tensor it is about.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace twofour {

/// One code per gRPC/HTTP status that a caller can act on.
enum class ErrorCode : uint8_t {
  kInvalidArgument,     // the caller's value is wrong
  kNotFound,            // a file, tensor or layer that was named does not exist
  kDataCorrupt,         // a file is truncated, altered or not what it claims to be
  kUnsupported,         // valid, but twofour does not do it
  kFailedPrecondition,  // valid, but not in this state
  kResourceExhausted,   // memory, disk, limits
  kIo,                  // the operating system refused
  kCancelled,
  kInternal,  // a bug in twofour
};
/// "invalid argument", "not found", ...
std::string_view error_code_name(ErrorCode code);

class Error : public std::runtime_error {
 public:
  Error(ErrorCode code, const std::string& message) : std::runtime_error(message), code_(code) {}
  ErrorCode code() const { return code_; }

 private:
  ErrorCode code_;
};

}  // namespace twofour
