#include "base/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace twofour {
namespace {

using Lines = std::vector<std::pair<LogLevel, std::string>>;

class LogTest : public testing::Test {
 protected:
  LogTest() {
    set_log_sink([this](LogLevel level, std::string_view line) { lines_.emplace_back(level, line); });
  }
  ~LogTest() override { set_log_sink({}); }
  Lines lines_;
};

TEST_F(LogTest, LinesReachTheSinkWithTheirLevel) {
  log_info("{} of {}", 1, 2);
  log_warning("careful");
  log_verbose("detail");
  EXPECT_EQ(
      lines_,
      (Lines{{LogLevel::kInfo, "1 of 2"}, {LogLevel::kWarning, "careful"}, {LogLevel::kVerbose, "detail"}}));
}

TEST_F(LogTest, WithoutASinkLinesAreDropped) {
  set_log_sink({});
  log_info("lost");
  EXPECT_TRUE(lines_.empty());
}

TEST_F(LogTest, ThreadsDoNotMixTheirLines) {
  std::array<std::thread, 4> threads;
  for (size_t t = 0; t < threads.size(); ++t)
    threads[t] = std::thread([t] {
      for (int i = 0; i < 100; ++i) log_info("{}:{}", t, i);
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(lines_.size(), 400U);
}

}  // namespace
}  // namespace twofour
