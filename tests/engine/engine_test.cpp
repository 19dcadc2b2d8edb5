#include <gmock/gmock.h>
#include <sys/resource.h>

#include <csignal>
#include <fstream>

#include "base/file.h"
#include "engine/small_engine.h"

namespace twofour::engine {
namespace {

using ::testing::HasSubstr;

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
  // Bound anew, the input takes its donated output along.
  const Tensor other = Tensor::of<float>({1}, std::vector<float>{7});
  context->bind("n", other);
  context->run();
  EXPECT_EQ(other.span<float>()[0], 8);
  EXPECT_EQ(n.span<float>()[0], 42);
  EXPECT_EQ(context->tensor("n.new").raw(), other.raw());
  std::vector<double> times(4, 0.0);
  context->run_profiled(times);
  EXPECT_THAT(times, ::testing::Each(::testing::Gt(0.0)));
}

TEST_F(EngineTest, ObserverSeesEveryStep) {
  const auto context = Engine::create(small_plan(), small_sections(), backend_)->create_context();
  context->bind("x", Tensor::of<float>({2, 3}, std::vector<float>{1, 1, 1, 1, 1, 1}));
  std::vector<std::vector<float>> seen;
  context->run_observed([&](size_t step, std::span<const Tensor> outputs) {
    EXPECT_EQ(step, seen.size());
    ASSERT_EQ(outputs.size(), 1u);
    const auto values = outputs[0].span<float>();
    seen.emplace_back(values.begin(), values.end());
  });
  EXPECT_EQ(seen, (std::vector<std::vector<float>>{{2, -1, 4, -3, 6, -5}, {2, 0, 4, 0, 6, 0}, {1}, {1}}));
}

TEST_F(EngineTest, LoadedEngineGivesTheSameBits) {
  const auto path = folder_ / "net.engine";
  const auto engine = Engine::create(small_plan(), small_sections(), backend_);
  engine->save(path);
  EXPECT_EQ(engine->file_bytes(), std::filesystem::file_size(path));
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
  EXPECT_THAT(load_error(path), HasSubstr("format version 9, this twofour reads version 3"));
  std::ofstream(path, std::ios::binary) << "onnx or something else";
  EXPECT_THAT(load_error(path), HasSubstr("not a twofour engine"));
  EXPECT_THAT(load_error(folder_ / "none.engine", ErrorCode::kNotFound), HasSubstr("none.engine"));
  Plan foreign = small_plan();
  foreign.device = "another CPU";
  EXPECT_THAT(load_error(saved(foreign), ErrorCode::kFailedPrecondition),
              HasSubstr("built for reference (another CPU)"));
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
