// Raising errors. CHECK is for the caller's fault (bad file, bad argument), ASSERT for ours (a bug in
// twofour). An expected "no" is a value (Support, std::optional), never an exception.
#pragma once

#include <fmt/format.h>

#include <source_location>
#include <string>
#include <utility>

#include "twofour/error.h"

namespace twofour {

[[noreturn]] void fail_formatted(ErrorCode code, fmt::string_view format, fmt::format_args args);

template <typename... Args>
[[noreturn]] void fail(ErrorCode code, fmt::format_string<Args...> format, Args&&... args) {
  fail_formatted(code, format, fmt::make_format_args(args...));
}

/// The text reads "<innermost message>; while <context>; while <outer context>".
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
#define TWOFOUR_CHECK(condition, code, ...)                     \
  do {                                                          \
    if (!(condition)) [[unlikely]]                              \
      ::twofour::fail(::twofour::ErrorCode::code, __VA_ARGS__); \
  } while (false)

/// A failed assertion is a bug in twofour and throws Error{kInternal} with the place.
#define TWOFOUR_ASSERT(condition, ...)                                        \
  do {                                                                        \
    if (!(condition)) [[unlikely]]                                            \
      ::twofour::assertion_failed(#condition, ::fmt::format("" __VA_ARGS__)); \
  } while (false)
