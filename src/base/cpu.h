// What this CPU can do. TWOFOUR_MAX_ISA=scalar|avx2|avx512|amx lowers it, so that every path can be tested on
// one machine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace twofour {

/// Instruction set levels that kernels are written for, lowest first. kAvx2 includes FMA and F16C; kAvx512 is
/// F+BW+DQ+VL; kAmx has tiles of bf16 and 8-bit integers, too, and a system that saves them.
enum class Isa : uint8_t { kScalar, kAvx2, kAvx512, kAmx };
std::string_view isa_name(Isa isa);

/// The highest level that this CPU and TWOFOUR_MAX_ISA allow, fixed at the first call. Throws
/// Error{kInvalidArgument} when TWOFOUR_MAX_ISA is none of the names.
Isa max_isa();

enum class CpuFeature : uint8_t {
  kF16C,
  kAvx512Fp16,
  kAvx512Bf16,
  kAvx512Vnni,
  kAvx512Vbmi,
  kAvx512Vbmi2,
  kClflushopt,
  kHypervisor
};
inline constexpr size_t kNumCpuFeatures = static_cast<size_t>(CpuFeature::kHypervisor) + 1;
bool cpu_has(CpuFeature feature);

/// Brand string of the CPU, for example "AMD EPYC".
std::string cpu_name();
size_t l1d_bytes();
size_t l2_bytes();
/// The largest cache of a core; how much of it is ours on a shared machine is not known.
size_t last_level_cache_bytes();
/// Writes back and drops every cache line of `data`, in all cores.
void evict_from_caches(std::span<const std::byte> data);
/// Physical memory of the machine.
size_t memory_bytes();

}  // namespace twofour
