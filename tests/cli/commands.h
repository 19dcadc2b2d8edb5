// Runs the `twofour` binary in a folder that is gone after the test.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include <nlohmann/json.hpp>

#include "support/run_program.h"
#include "support/temporary_path.h"

namespace twofour {

class Commands : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = temporary_path("twofour_cli");
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  static testing::ProgramResult twofour(const std::string& arguments) {
    return testing::run_program(std::string(TWOFOUR_PROGRAM) + " " + arguments);
  }
  /// The text with the folder for each "@".
  std::string in_folder(std::string text) const {
    for (size_t at = 0; (at = text.find('@', at)) != std::string::npos;) {
      text.replace(at, 1, folder_.string());
      at += folder_.string().size();
    }
    return text;
  }
  std::string file(const std::string& name) const { return (folder_ / name).string(); }
  void make_lenet() const { ASSERT_EQ(twofour("zoo lenet -o " + file("lenet.onnx")).status, 0); }
  static std::string read_text(const std::string& path) {
    std::ifstream stream(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }
  static nlohmann::json read_json(const std::string& path) { return nlohmann::json::parse(read_text(path)); }

  std::filesystem::path folder_;
};

/// A command line that must fail with this exit code and a line that has this text. "@" is the folder.
struct BadCall {
  std::string name, arguments, expected;
  int status;
};
class BadCalls : public Commands, public ::testing::WithParamInterface<BadCall> {};

}  // namespace twofour
