// Building, saving, loading, running and dropping engines again and again takes no memory that stays.
#include <gtest/gtest.h>
#include <malloc.h>
#include <unistd.h>

#include <fstream>

#include "builder/specialise.h"
#include "cpu/backend.h"
#include "sparsity/prune.h"
#include "support/temporary_path.h"
#include "zoo/zoo.h"

namespace twofour::builder {
namespace {

/// Anonymous memory of this process that is in use, in bytes.
size_t resident_bytes() {
  ::malloc_trim(0);
  std::ifstream file("/proc/self/statm");
  size_t size = 0, resident = 0, shared = 0;
  file >> size >> resident >> shared;
  return (resident - shared) * static_cast<size_t>(::sysconf(_SC_PAGESIZE));
}

void run(const engine::Engine& engine, const Shape& shape) {
  const auto context = engine.create_context();
  context->bind("input", Tensor(DType::kF32, shape));
  context->run();
}

TEST(Cycles, LeaveMemoryFlat) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "sanitizers keep freed memory";
#endif
  Graph model = zoo::make("lenet");
  sparsity::prune(model);
  const cpu::CpuBackend device;
  const auto path = temporary_path("twofour_cycles");
  Options options;
  options.time_tactics = false;
  options.ranges = {{"input", {{1, 4}, {1, 1}, {28, 28}, {28, 28}}}};
  const auto cycle = [&](int64_t batch) {
    const Shape shape = {batch, 1, 28, 28};
    build(model.clone(), device, options).engine->save(path);
    Specialiser specialiser(engine::Engine::load(path, device), device);
    run(*specialiser.at({{"input", shape}}), shape);
  };
  constexpr int kWarmUp = 50;
  constexpr int kCycles = 250;
  for (int i = 0; i < kWarmUp; ++i) cycle(1 + i % 4);
  const size_t before = resident_bytes();
  for (int i = 0; i < kCycles; ++i) cycle(1 + i % 4);
  const size_t after = resident_bytes();
  std::filesystem::remove(path);
  EXPECT_LT(after, before + (size_t{1} << 20)) << before << " bytes before";
}

}  // namespace
}  // namespace twofour::builder
