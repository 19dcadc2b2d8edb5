// A small engine for tests, made by hand.
#pragma once

#include <gtest/gtest.h>

#include "backend/reference_tactic.h"
#include "engine/engine.h"
#include "engine/file.h"
#include "support/listed_backend.h"

namespace twofour::engine {

using Kind = PlanTensor::Kind;

/// y = relu(x + c), with the sum in the arena and a donated counter: n.new = n + one.
inline Plan small_plan() {
  Plan plan;
  plan.name = "small";
  plan.backend = "reference";
  plan.device = "any CPU";
  const TensorDesc matrix{DType::kF32, {2, 3}};
  const TensorDesc scalar{DType::kF32, {1}};
  plan.tensors = {{"x", matrix, Kind::kInput, 0, -1},     {"y", matrix, Kind::kOutput, 0, -1},
                  {"c", matrix, Kind::kConstant, 0, 0},   {"sum", matrix, Kind::kArena, 64, -1},
                  {"n", scalar, Kind::kInput, 0, -1},     {"n.new", scalar, Kind::kDonated, 0, 4},
                  {"one", scalar, Kind::kConstant, 0, 1}, {"next", scalar, Kind::kArena, 0, -1}};
  plan.steps = {{"add", "Add", {}, {0, 2}, {3}, "reference", {}, false},
                {"relu", "Relu", {}, {3}, {1}, "reference", {}, false},
                {"count", "Add", {}, {4, 6}, {7}, "reference", {}, false},
                {"keep", "Identity", {}, {7}, {5}, "reference", {}, false}};
  plan.arena_bytes = 128;
  plan.inputs = {0, 4};
  plan.outputs = {1, 5};
  return plan;
}

inline std::vector<Tensor> small_sections() {
  const std::vector<float> c = {1, -2, 3, -4, 5, -6};
  return {Tensor::of<float>({2, 3}, c), Tensor::of<float>({1}, std::vector<float>{1})};
}

/// The reference once more, for elementwise operators in place.
class InPlaceTactic final : public backend::Tactic {
 public:
  InPlaceTactic() : Tactic("in_place") {}
  backend::Support supports(const backend::NodeDesc& node) const override {
    return reference_.supports(node);
  }
  bool in_place(const backend::NodeDesc&, size_t input, size_t) const override { return input == 0; }

 protected:
  std::unique_ptr<backend::Kernel> make(const backend::NodeDesc& node,
                                        std::span<const Tensor>) const override {
    return reference_.create(node, {});
  }

 private:
  backend::ReferenceTactic reference_;
};

class EngineTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::path(::testing::TempDir()) /
              ::testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path saved(const Plan& plan) const {
    const auto path = folder_ / "net.engine";
    write_engine_file(path, plan, small_sections());
    return path;
  }
  // The error of loading `path`; fails the test when it loads.
  std::string load_error(const std::filesystem::path& path, ErrorCode code = ErrorCode::kDataCorrupt) const {
    try {
      Engine::load(path, backend_);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), code) << error.what();
      return error.what();
    }
    ADD_FAILURE() << "loaded";
    return "";
  }

  InPlaceTactic in_place_;
  backend::ReferenceTactic reference_;
  testing::ListedBackend backend_{{&in_place_, &reference_}, "reference"};
  std::filesystem::path folder_;
};

}  // namespace twofour::engine
