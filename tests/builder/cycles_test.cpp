// Building, saving, loading, running and dropping engines again and again takes no memory that stays.
#include <gtest/gtest.h>
#include <malloc.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include "base/cpu.h"
#include "builder/specialise.h"
#include "cpu/backend.h"
#include "sparsity/prune.h"
#include "support/temporary_path.h"
#include "zoo/zoo.h"

namespace twofour::builder {
namespace {

/// Of this process.
struct Memory {
  size_t mapped = 0;    // bytes of address space
  size_t resident = 0;  // anonymous bytes in use
  size_t mappings = 0;
  size_t executable = 0;  // mappings that may be run
};

Memory memory_now() {
  ::malloc_trim(0);
  const auto page = static_cast<size_t>(::sysconf(_SC_PAGESIZE));
  size_t mapped = 0, resident = 0, shared = 0;
  std::ifstream("/proc/self/statm") >> mapped >> resident >> shared;
  Memory memory{.mapped = mapped * page, .resident = (resident - shared) * page};
  std::ifstream maps("/proc/self/maps");
  for (std::string range, rights, rest; maps >> range >> rights && std::getline(maps, rest);) {
    ++memory.mappings;
    memory.executable += rights.find('x') != std::string::npos;
  }
  return memory;
}

class Cycles : public ::testing::Test {
 protected:
  void SetUp() override {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    GTEST_SKIP() << "sanitizers keep freed memory";
#endif
    sparsity::prune(model_);
  }
  void TearDown() override { std::filesystem::remove(path_); }

  static void run(const engine::Engine& engine, const Shape& shape) {
    const auto context = engine.create_context();
    context->bind("input", Tensor(DType::kF32, shape));
    context->run();
  }

  Graph model_ = zoo::make("lenet");
  cpu::CpuBackend device_;
  std::filesystem::path path_ = temporary_path("twofour_cycles");
};

constexpr size_t kSlack = size_t{1} << 20;  // what the allocator may keep

TEST_F(Cycles, LeaveMemoryFlat) {
  Options options;
  options.time_tactics = false;
  options.ranges = {{"input", {{1, 4}, {1, 1}, {28, 28}, {28, 28}}}};
  const auto cycle = [&](int64_t batch) {
    const Shape shape = {batch, 1, 28, 28};
    build(model_.clone(), device_, options).engine->save(path_);
    Specialiser specialiser(engine::Engine::load(path_, device_), device_);
    run(*specialiser.at({{"input", shape}}), shape);
  };
  constexpr int kWarmUp = 50;
  constexpr int kCycles = 250;
  for (int i = 0; i < kWarmUp; ++i) cycle(1 + i % 4);
  const Memory before = memory_now();
  for (int i = 0; i < kCycles; ++i) cycle(1 + i % 4);
  EXPECT_LT(memory_now().resident, before.resident + kSlack) << before.resident << " bytes before";
}

// The generated code of the smallest layer takes a page: were it kept, 1000 cycles would map 4 MiB.
TEST_F(Cycles, OfLoadingLeaveNothingMapped) {
  const Shape shape = {1, 1, 28, 28};
  Options options;
  options.time_tactics = false;
  options.shapes = {{"input", shape}};
  options.tuning.without_tactics = {"sparse24.gemv"};
  const Result built = build(model_.clone(), device_, options);
  ASSERT_EQ(built.report.sparse_layers().empty(), max_isa() < Isa::kAvx2);
  built.engine->save(path_);
  const auto cycle = [&] { run(*engine::Engine::load(path_, device_), shape); };
  for (int i = 0; i < 50; ++i) cycle();
  const Memory before = memory_now();
  size_t while_loaded = 0;
  for (int i = 0; i < 1000; ++i) cycle();
  {
    const auto engine = engine::Engine::load(path_, device_);
    while_loaded = memory_now().executable;
  }
  const Memory after = memory_now();
  EXPECT_EQ(after.executable, before.executable);
  EXPECT_LE(after.mappings, before.mappings + 4);  // heap arenas may split
  EXPECT_LT(after.mapped, before.mapped + kSlack) << before.mapped << " bytes before";
  EXPECT_LT(after.resident, before.resident + kSlack) << before.resident << " bytes before";
  EXPECT_EQ(while_loaded > before.executable, max_isa() >= Isa::kAvx512) << while_loaded << " with code";
}

}  // namespace
}  // namespace twofour::builder
