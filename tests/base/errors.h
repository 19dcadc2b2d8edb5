// Expects an Error by code and text.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/error.h"

namespace twofour {

/// The Error that `body` throws; fails the test when it throws none.
template <typename Body>
Error error_of(Body&& body) {
  try {
    body();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "expected an Error";
  return {ErrorCode::kInternal, "no error"};
}

/// EXPECT_ERROR(f(), kNotFound, "cannot open nowhere"): code and a part of the text.
#define EXPECT_ERROR(statement, expected_code, text)                         \
  do {                                                                       \
    const ::twofour::Error error_ = ::twofour::error_of([&] { statement; }); \
    EXPECT_EQ(error_.code(), ::twofour::ErrorCode::expected_code);           \
    EXPECT_THAT(error_.what(), ::testing::HasSubstr(text));                  \
  } while (false)

}  // namespace twofour
