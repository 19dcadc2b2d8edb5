#include "sparse/probe.h"

#include <array>
#include <atomic>
#include <cstring>

#include "base/cpu.h"
#include "base/parallel.h"
#include "sparse/probe_loops.h"

namespace twofour::bench {
namespace {

constexpr int64_t kSteps = 200'000;
constexpr int64_t kFloats = int64_t{64} << 20;

struct Loops {
  int lanes;
  float (*fma)(int64_t);
  float (*read)(const float*, int64_t);
};

const Loops& loops() {
  static constexpr std::array<Loops, 3> kLoops = {
      Loops{1, fma_scalar, read_scalar}, Loops{8, fma_avx2, read_avx2}, Loops{16, fma_avx512, read_avx512}};
  return kLoops[static_cast<size_t>(max_isa())];
}

std::atomic<float> sink;  // keeps the loops' results in use

/// work(begin, end) on equal parts of [0, n), one for each thread.
template <typename Work>
void each_thread(int64_t n, const Work& work) {
  parallel_ranges(n, n / max_threads(), [&](int64_t begin, int64_t end) { sink = work(begin, end); });
}

}  // namespace

float fma_scalar(int64_t steps) {
  std::array<float, kAccumulators> sums{};
  for (int64_t step = 0; step < steps; ++step)
    for (float& sum : sums) sum = sum * 0.5F + 1.0F;
  float total = 0;
  for (const float sum : sums) total += sum;
  return total;
}

float read_scalar(const float* data, int64_t count) {
  float total = 0;
  for (int64_t i = 0; i < count; ++i) total += data[i];
  return total;
}

double fma_flops() {
  return 2.0 * kSteps * kAccumulators * loops().lanes * static_cast<double>(max_threads());
}

Candidate fma_candidate() {
  auto run = [](int64_t) {
    each_thread(kSteps * max_threads(), [](int64_t begin, int64_t end) { return loops().fma(end - begin); });
  };
  return in_process("multiply-adds in registers", Role::kCeiling, 1, run, nullptr);
}

double read_bytes() { return static_cast<double>(kFloats) * sizeof(float); }

Candidate read_candidate() {
  static const Tensor data = [] {
    Tensor tensor(DType::kF32, {kFloats});
    std::memset(tensor.raw(), 0, tensor.size_bytes());  // pages of its own, not the shared one of zeros
    return tensor;
  }();
  auto run = [](int64_t) {
    const float* values = data.span<float>().data();
    constexpr int64_t kUnit = 64;
    each_thread(kFloats / kUnit, [&](int64_t begin, int64_t end) {
      return loops().read(values + begin * kUnit, (end - begin) * kUnit);
    });
  };
  return in_process("reads of memory", Role::kBandwidth, 1, run, nullptr);
}

}  // namespace twofour::bench
