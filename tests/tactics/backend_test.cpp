#include "cpu/backend.h"

#include <gtest/gtest.h>

#include <set>

#include "base/cpu.h"
#include "base/cpu_model.h"

namespace twofour::tactic_test {
namespace {

using backend::Reason;

TEST(CpuBackend, NamesAreUniqueAndEndInTheReference) {
  const cpu::CpuBackend device;
  std::set<std::string> names;
  for (const backend::Tactic* tactic : device.tactics()) {
    EXPECT_TRUE(names.insert(tactic->name()).second) << tactic->name();
    EXPECT_EQ(device.find_tactic(tactic->name()), tactic);
  }
  EXPECT_EQ(device.tactics().back()->name(), "reference");
  EXPECT_EQ(device.find_tactic("no such"), nullptr);
}

TEST(CpuBackend, DeviceNamesCpuAndIsa) {
  EXPECT_EQ(cpu::CpuBackend().device(),
            cpu_name() + " " + cpu_model() + ", " + std::string(isa_name(max_isa())));
}

TEST(CpuBackend, HalfPrecisionIsDeclinedWithAReason) {
  const cpu::CpuBackend device;
  const auto f16 = device.native_half(DType::kF16);
  EXPECT_EQ(f16.reason, cpu_has(CpuFeature::kAvx512Fp16) ? Reason::kLibrary : Reason::kNoHalfArithmetic);
  EXPECT_EQ(f16.to_string().find('\n'), std::string::npos);
  EXPECT_EQ(device.native_half(DType::kF32).reason, Reason::kDtype);
  EXPECT_EQ(static_cast<bool>(device.native_half(DType::kBF16)),
            max_isa() >= Isa::kAvx512 && cpu_has(CpuFeature::kAvx512Bf16));
}

}  // namespace
}  // namespace twofour::tactic_test
