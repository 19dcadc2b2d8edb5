#include "engine/engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <fstream>

#include "backend/reference_tactic.h"
#include "base/file.h"
#include "engine/file.h"

namespace twofour::engine {
namespace {

using Kind = PlanTensor::Kind;
using ::testing::HasSubstr;

// y = relu(x + c), with the sum in the arena and a donated counter: n.new = n + one.
Plan small_plan() {
  Plan plan;
  plan.name = "small";
  plan.backend = "reference";
  plan.device = "any CPU";
  const TensorDesc matrix{DType::kF32, {2, 3}};
  const TensorDesc scalar{DType::kF32, {1}};
  plan.tensors = {{"x", matrix, Kind::kInput, 0, -1},    {"y", matrix, Kind::kOutput, 0, -1},
                  {"c", matrix, Kind::kConstant, 0, 0},  {"sum", matrix, Kind::kArena, 64, -1},
                  {"n", scalar, Kind::kInput, 0, -1},    {"n.new", scalar, Kind::kDonated, 0, 4},
                  {"one", scalar, Kind::kConstant, 0, 1}};
  plan.steps = {{"add", "Add", {}, {0, 2}, {3}, "reference", {}, false},
                {"relu", "Relu", {}, {3}, {1}, "reference", {}, false},
                {"count", "Add", {}, {4, 6}, {5}, "reference", {}, false}};
  plan.arena_bytes = 128;
  plan.inputs = {0, 4};
  plan.outputs = {1, 5};
  return plan;
}

std::vector<Tensor> small_sections() {
  const std::vector<float> c = {1, -2, 3, -4, 5, -6};
  return {Tensor::of<float>({2, 3}, c), Tensor::of<float>({1}, std::vector<float>{1})};
}

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

  backend::ReferenceBackend backend_;
  std::filesystem::path folder_;
};

TEST_F(EngineTest, RunsAndDonates) {
  const auto engine = Engine::create(small_plan(), small_sections(), backend_);
  const auto context = engine->create_context();
  const Tensor x = Tensor::of<float>({2, 3}, std::vector<float>{1, 1, 1, 1, 1, 1});
  const Tensor n = Tensor::of<float>({1}, std::vector<float>{40});
  context->bind("x", x);
  context->bind("n", n);
  context->run();
  context->run();
  EXPECT_THAT(context->tensor("y").span<float>(), ::testing::ElementsAre(2, 0, 4, 0, 6, 0));
  EXPECT_EQ(n.span<float>()[0], 42);
  EXPECT_EQ(context->tensor("n.new").raw(), n.raw());
  std::vector<double> times(3, 0.0);
  context->run_profiled(times);
  EXPECT_THAT(times, ::testing::Each(::testing::Gt(0.0)));
}

TEST_F(EngineTest, LoadedEngineGivesTheSameBits) {
  const auto path = folder_ / "net.engine";
  const auto engine = Engine::create(small_plan(), small_sections(), backend_);
  engine->save(path);
  const auto loaded = Engine::load(path, backend_);
  const auto a = engine->create_context();
  const auto b = loaded->create_context();
  const Tensor x = Tensor::of<float>({2, 3}, std::vector<float>{0.1F, 0.2F, 0.3F, 9, 0.5F, 7});
  for (auto* context : {a.get(), b.get()}) {
    context->bind("x", x);
    context->run();
  }
  EXPECT_TRUE(std::ranges::equal(a->tensor("y").span<float>(), b->tensor("y").span<float>()));
  EXPECT_EQ(plan_to_json(loaded->plan()), plan_to_json(engine->plan()));
}

TEST_F(EngineTest, EveryChangedByteIsFound) {
  const auto path = saved(small_plan());
  const std::string good = read_file(path);
  for (size_t i = 0; i < good.size(); i += i < 64 ? 1 : 7) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 0x10);
    std::ofstream(path, std::ios::binary) << bad;
    EXPECT_THAT(load_error(path), HasSubstr("net.engine")) << "byte " << i;
  }
}

TEST_F(EngineTest, EveryTruncationIsFound) {
  const auto path = saved(small_plan());
  const std::string good = read_file(path);
  for (size_t size = 0; size < good.size(); size += 7) {
    std::ofstream(path, std::ios::binary) << good.substr(0, size);
    load_error(path);
  }
}

TEST_F(EngineTest, NamesWhatIsWrong) {
  const auto path = saved(small_plan());
  std::string bytes = read_file(path);
  bytes[8] = 9;
  std::ofstream(path, std::ios::binary) << bytes;
  EXPECT_THAT(load_error(path), HasSubstr("format version 9, this twofour reads version 1"));
  std::ofstream(path, std::ios::binary) << "onnx or something else";
  EXPECT_THAT(load_error(path), HasSubstr("not a twofour engine"));
  EXPECT_THAT(load_error(folder_ / "none.engine", ErrorCode::kNotFound), HasSubstr("none.engine"));
  Plan foreign = small_plan();
  foreign.device = "another CPU";
  EXPECT_THAT(load_error(saved(foreign), ErrorCode::kFailedPrecondition),
              HasSubstr("built for reference (another CPU)"));
}

// A file may be hostile and still have right checksums.
TEST_F(EngineTest, ImpossiblePlansAreRefused) {
  const auto refused = [&](auto&& change, const char* text) {
    Plan plan = small_plan();
    change(plan);
    EXPECT_THAT(load_error(saved(plan)), HasSubstr(text));
  };
  refused([](Plan& p) { p.tensors[3].offset = 4096; }, "does not lie in the arena");
  refused([](Plan& p) { p.tensors[3].offset = 8; }, "does not lie in the arena");
  refused([](Plan& p) { p.tensors[2].index = 7; }, "section 7");
  refused([](Plan& p) { p.tensors[2].desc.shape = {200, 3}; }, "does not match its section");
  refused([](Plan& p) { p.tensors[5].index = 0; }, "cannot live in the buffer");
  refused([](Plan& p) { p.steps[0].inputs[0] = 99; }, "tensor 99");
  refused([](Plan& p) { p.steps[0].outputs[0] = 0; }, "overwrites \"x\"");
  refused([](Plan& p) { p.steps[1].op = "Nonsense"; }, "Nonsense is not supported");
  refused([](Plan& p) { p.tensors[1].desc.shape = {2, 4}; }, "step \"relu\" is not valid");
  refused([](Plan& p) { p.tensors[0].desc.shape = {int64_t{1} << 40, int64_t{1} << 40}; }, "63 bits");
}

TEST_F(EngineTest, BindNamesTheMistake) {
  const auto context = Engine::create(small_plan(), small_sections(), backend_)->create_context();
  const auto message = [&](const char* name, const Tensor& tensor) {
    try {
      context->bind(name, tensor);
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("bound");
  };
  EXPECT_EQ(message("x", Tensor(DType::kF32, {3, 2})), "\"x\" is f32[2,3], got f32[3,2]");
  EXPECT_EQ(message("x", Tensor(DType::kF16, {2, 3})), "\"x\" is f32[2,3], got f16[2,3]");
  EXPECT_EQ(message("z", Tensor(DType::kF32, {1})),
            "the engine has no input or output \"z\"; it has: x, n, y, n.new");
  EXPECT_EQ(message("n.new", Tensor(DType::kF32, {1})), "output \"n.new\" lives in the buffer of an input");
}

TEST_F(EngineTest, FullDiskLeavesTheOldFile) {
  const auto path = saved(small_plan());
  const std::string before = read_file(path);
  rlimit old{};
  getrlimit(RLIMIT_FSIZE, &old);
  const rlimit tiny{512, old.rlim_max};
  const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
  setrlimit(RLIMIT_FSIZE, &tiny);
  std::string message;
  try {
    write_engine_file(path, small_plan(), small_sections());
  } catch (const Error& error) {
    message = error.what();
  }
  setrlimit(RLIMIT_FSIZE, &old);
  std::signal(SIGXFSZ, old_handler);
  EXPECT_THAT(message, HasSubstr("net.engine"));
  EXPECT_EQ(read_file(path), before);
  const auto files = std::filesystem::directory_iterator(folder_);
  EXPECT_EQ(std::distance(begin(files), end(files)), 1) << "a temporary file was left behind";
}

}  // namespace
}  // namespace twofour::engine
