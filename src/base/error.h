// Errors. CHECK is for the caller's fault (bad file, bad argument), ASSERT for ours (a bug in twofour).
// An expected "no" is a value (Support, std::optional), never an exception.
#pragma once

#include <fmt/format.h>

#include <source_location>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

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
  kInternal,            // a bug in twofour
};
std::string_view error_code_name(ErrorCode code);

/// what() is the full text: "<innermost message>; while <context>; while <outer context>".
class Error : public std::runtime_error {
 public:
  Error(ErrorCode code, std::string message) : std::runtime_error(message), code_(code) {}
  ErrorCode code() const { return code_; }

 private:
  ErrorCode code_;
};

template <typename... Args>
[[noreturn]] void fail(ErrorCode code, fmt::format_string<Args...> format, Args&&... args) {
  throw Error(code, fmt::format(format, std::forward<Args>(args)...));
}

/// Runs `body`; an Error that leaves it gains "; while <context()>". `context` is called on failure only.
template <typename Context, typename Body>
decltype(auto) with_context(const Context& context, Body&& body) {
  try {
    return std::forward<Body>(body)();
  } catch (const Error& error) {
    throw Error(error.code(), fmt::format("{}; while {}", error.what(), context()));
  }
}

[[noreturn]] void assertion_failed(const char* condition, const std::string& message,
                                   std::source_location where = std::source_location::current());

}  // namespace twofour

/// TWOFOUR_CHECK(ok, kInvalidArgument, "expected {} but got {}", a, b): the message is built on failure only.
#define TWOFOUR_CHECK(condition, code, ...)                                   \
  do {                                                                        \
    if (!(condition)) [[unlikely]]                                            \
      ::twofour::fail(::twofour::ErrorCode::code, __VA_ARGS__);               \
  } while (false)

/// A failed assertion is a bug in twofour and throws Error{kInternal} with the place.
#define TWOFOUR_ASSERT(condition, ...)                                        \
  do {                                                                        \
    if (!(condition)) [[unlikely]]                                            \
      ::twofour::assertion_failed(#condition, ::fmt::format("" __VA_ARGS__)); \
  } while (false)
