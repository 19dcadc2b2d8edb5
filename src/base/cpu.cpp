#include "base/cpu.h"

#include <cpuid.h>
#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include "base/error.h"

namespace twofour {
namespace {

bool cpuid_bit(unsigned leaf, unsigned subleaf, int reg, int bit) {
  std::array<unsigned, 4> r{};
  if (!__get_cpuid_count(leaf, subleaf, &r[0], &r[1], &r[2], &r[3])) return false;
  return r[static_cast<size_t>(reg)] >> bit & 1;
}

bool detect_amx() {
  constexpr int kBf16 = 22, kTile = 24, kInt8 = 25;
  if (!(cpuid_bit(7, 0, 3, kBf16) && cpuid_bit(7, 0, 3, kTile) && cpuid_bit(7, 0, 3, kInt8))) return false;
  constexpr long kGetSupportedState = 0x1021;
  constexpr int kTileData = 18;
  uint64_t state = 0;
  return syscall(SYS_arch_prctl, kGetSupportedState, &state) == 0 && state >> kTileData & 1;
}

Isa detect_isa() {
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && cpuid_bit(1, 0, 2, 29);
  const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  const Isa vectors = avx512 ? Isa::kAvx512 : avx2 ? Isa::kAvx2 : Isa::kScalar;
  const Isa found = avx512 && detect_amx() ? Isa::kAmx : vectors;
  const char* wish = std::getenv("TWOFOUR_MAX_ISA");
  if (!wish) return found;
  for (const Isa isa : {Isa::kScalar, Isa::kAvx2, Isa::kAvx512, Isa::kAmx})
    if (isa_name(isa) == wish) return std::min(isa, found);
  fail(ErrorCode::kInvalidArgument, "TWOFOUR_MAX_ISA is '{}', expected scalar, avx2, avx512 or amx", wish);
}

bool detect(CpuFeature feature) {
  switch (feature) {
    case CpuFeature::kF16C: return max_isa() >= Isa::kAvx2 && cpuid_bit(1, 0, 2, 29);
    case CpuFeature::kAvx512Fp16: return max_isa() >= Isa::kAvx512 && cpuid_bit(7, 0, 3, 23);
    case CpuFeature::kAvx512Bf16: return max_isa() >= Isa::kAvx512 && cpuid_bit(7, 1, 0, 5);
    case CpuFeature::kAvx512Vnni: return max_isa() >= Isa::kAvx512 && cpuid_bit(7, 0, 2, 11);
    case CpuFeature::kAvx512Vbmi: return max_isa() >= Isa::kAvx512 && cpuid_bit(7, 0, 2, 1);
    case CpuFeature::kAvx512Vbmi2: return max_isa() >= Isa::kAvx512 && cpuid_bit(7, 0, 2, 6);
    case CpuFeature::kClflushopt: return cpuid_bit(7, 0, 1, 23);
    case CpuFeature::kHypervisor: return cpuid_bit(1, 0, 2, 31);
  }
  return false;
}

std::array<bool, kNumCpuFeatures> detect_features() {
  std::array<bool, kNumCpuFeatures> found{};
  for (size_t i = 0; i < found.size(); ++i) found[i] = detect(static_cast<CpuFeature>(i));
  return found;
}

constexpr int64_t kLineBytes = 64;

__attribute__((target("clflushopt"))) void flush_lines_unordered(const std::byte* first, int64_t lines) {
  for (int64_t i = 0; i < lines; ++i) _mm_clflushopt(const_cast<std::byte*>(first + i * kLineBytes));
}

size_t cache_bytes(int name, size_t fallback) {
  const long bytes = sysconf(name);
  return bytes > 0 ? static_cast<size_t>(bytes) : fallback;
}

}  // namespace

std::string_view isa_name(Isa isa) {
  constexpr std::array<std::string_view, 4> kNames = {"scalar", "avx2", "avx512", "amx"};
  return kNames[static_cast<size_t>(isa)];
}

Isa max_isa() {
  static const Isa isa = detect_isa();
  return isa;
}

bool cpu_has(CpuFeature feature) {
  // Once: a virtual machine takes tens of microseconds to answer CPUID.
  static const auto features = detect_features();
  return features[static_cast<size_t>(feature)];
}

std::string cpu_name() {
  std::array<unsigned, 13> words{};
  for (unsigned i = 0; i < 3; ++i) {
    unsigned* w = &words[i * 4];
    if (!__get_cpuid(0x80000002 + i, &w[0], &w[1], &w[2], &w[3])) return "unknown CPU";
  }
  const char* text = reinterpret_cast<const char*>(words.data());
  std::string name(text, strnlen(text, 48));
  name.erase(0, name.find_first_not_of(' '));
  name.erase(name.find_last_not_of(' ') + 1);
  return name.empty() ? "unknown CPU" : name;
}

size_t l1d_bytes() { return cache_bytes(_SC_LEVEL1_DCACHE_SIZE, 32 << 10); }
size_t l2_bytes() { return cache_bytes(_SC_LEVEL2_CACHE_SIZE, 1 << 20); }
size_t last_level_cache_bytes() {
  // Not sysconf: of AMD's processors it adds up caches that no core can use together.
  std::ifstream file("/sys/devices/system/cpu/cpu0/cache/index3/size");
  size_t kib = 0;
  return file >> kib ? kib << 10 : l2_bytes();
}

void evict_from_caches(std::span<const std::byte> data) {
  if (data.empty()) return;
  const auto line_of = [](const std::byte* p) { return reinterpret_cast<uintptr_t>(p) / kLineBytes; };
  const auto* first = data.data() - reinterpret_cast<uintptr_t>(data.data()) % kLineBytes;
  const auto lines = static_cast<int64_t>(line_of(&data.back()) - line_of(first) + 1);
  if (cpu_has(CpuFeature::kClflushopt)) flush_lines_unordered(first, lines);
  else
    for (int64_t i = 0; i < lines; ++i) _mm_clflush(first + i * kLineBytes);
  _mm_mfence();
}

size_t memory_bytes() {
  static const auto bytes =
      static_cast<size_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<size_t>(sysconf(_SC_PAGESIZE));
  return bytes;
}

}  // namespace twofour
