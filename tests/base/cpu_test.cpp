#include "base/cpu.h"

#include <array>
#include <cstdlib>
#include <fstream>
#include <map>
#include <string>

#include "base/cpu_model.h"
#include "base/errors.h"

namespace twofour {
namespace {

constexpr std::array<const char*, 4> kNames = {"scalar", "avx2", "avx512", "amx"};

// max_isa() is fixed at the first call: each wish is tried in a process of its own, and no test calls it
// before.
class MaxIsaDeathTest : public testing::Test {
 protected:
  MaxIsaDeathTest() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

[[noreturn]] void exit_with_max_isa(const char* wish) {
  ::setenv("TWOFOUR_MAX_ISA", wish, 1);
  std::exit(10 + static_cast<int>(max_isa()));
}

TEST_F(MaxIsaDeathTest, TheVariableLowersTheLevel) {
  EXPECT_EXIT(exit_with_max_isa("scalar"), testing::ExitedWithCode(10), "");
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  EXPECT_EXIT(exit_with_max_isa("avx2"), testing::ExitedWithCode(avx2 ? 11 : 10), "");
}

TEST_F(MaxIsaDeathTest, TheVariableDoesNotRaiseTheLevel) {
  EXPECT_EXIT(
      {
        ::unsetenv("TWOFOUR_MAX_ISA");
        const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
                            __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq");
        ::setenv("TWOFOUR_MAX_ISA", "avx512", 1);
        std::exit((max_isa() == Isa::kAvx512) == avx512 ? 0 : 1);
      },
      testing::ExitedWithCode(0), "");
}

TEST_F(MaxIsaDeathTest, FeaturesFollowTheLevel) {
  EXPECT_EXIT(
      {
        ::setenv("TWOFOUR_MAX_ISA", "scalar", 1);
        std::exit(cpu_has(CpuFeature::kF16C) || cpu_has(CpuFeature::kAvx512Fp16) ||
                  cpu_has(CpuFeature::kAvx512Bf16) || cpu_has(CpuFeature::kAvx512Vnni));
      },
      testing::ExitedWithCode(0), "");
}

TEST_F(MaxIsaDeathTest, AnUnknownNameIsAnError) {
  EXPECT_EXIT(
      {
        ::setenv("TWOFOUR_MAX_ISA", "AVX2", 1);
        EXPECT_ERROR(max_isa(), kInvalidArgument,
                     "TWOFOUR_MAX_ISA is 'AVX2', expected scalar, avx2, avx512 or amx");
        std::exit(testing::Test::HasFailure());
      },
      testing::ExitedWithCode(0), "");
}

TEST(Cpu, IsaNames) {
  for (size_t i = 0; i < kNames.size(); ++i) EXPECT_EQ(isa_name(static_cast<Isa>(i)), kNames[i]);
}

TEST(Cpu, DescribesTheMachine) {
  EXPECT_FALSE(cpu_name().empty());
  EXPECT_GE(l1d_bytes(), size_t{8} << 10);
  EXPECT_GE(l2_bytes(), l1d_bytes());
  EXPECT_GE(last_level_cache_bytes(), l2_bytes());
}

// The kernel's count of the same two numbers.
TEST(CpuModel, IsThatOfTheSystem) {
  std::ifstream file("/proc/cpuinfo");
  std::map<std::string, std::string> first;
  for (std::string line; std::getline(file, line) && !line.empty();) {
    const size_t colon = line.find(':');
    if (colon + 2 <= line.size()) first[line.substr(0, line.find('\t'))] = line.substr(colon + 2);
  }
  if (!first.contains("cpu family")) GTEST_SKIP() << "the system does not say";
  EXPECT_EQ(cpu_model(), "family " + first["cpu family"] + " model " + first["model"]);
}

}  // namespace
}  // namespace twofour
