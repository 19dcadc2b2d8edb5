// CPU quotas of control groups, read from folders that imitate /proc and /sys/fs/cgroup.
#include "base/cpu_quota.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

#include "support/temporary_path.h"

namespace twofour {
namespace {

namespace fs = std::filesystem;

class CpuQuota : public ::testing::Test {
 protected:
  void SetUp() override { root_ = temporary_path("twofour_quota_test"); }
  void TearDown() override { fs::remove_all(root_); }
  void write(const fs::path& path, const std::string& text) const {
    fs::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << text;
  }
  double quota() const { return cpu_quota(root_); }

  fs::path root_;
};

TEST_F(CpuQuota, NothingIsNoLimit) {
  EXPECT_TRUE(std::isinf(quota()));
  write("proc/self/cgroup", "0::/user.slice\n");
  EXPECT_TRUE(std::isinf(quota()));
  write("sys/fs/cgroup/user.slice/cpu.max", "max 100000\n");
  EXPECT_TRUE(std::isinf(quota()));
}

TEST_F(CpuQuota, TheLeastOfAllEnclosingGroupsHolds) {
  write("proc/self/cgroup", "0::/a/b/c\n");
  write("sys/fs/cgroup/a/b/c/cpu.max", "max 100000\n");
  write("sys/fs/cgroup/a/b/cpu.max", "150000 100000\n");
  write("sys/fs/cgroup/a/cpu.max", "300000 100000\n");
  EXPECT_DOUBLE_EQ(quota(), 1.5);
  write("sys/fs/cgroup/a/b/c/cpu.max", "20000 50000\n");
  EXPECT_DOUBLE_EQ(quota(), 0.4);
}

TEST_F(CpuQuota, AContainerSeesItsGroupAtTheMount) {
  write("proc/self/cgroup", "0::/../host/only\n");
  write("sys/fs/cgroup/cpu.max", "200000 100000\n");
  EXPECT_DOUBLE_EQ(quota(), 2);
}

TEST_F(CpuQuota, VersionOne) {
  write("proc/self/cgroup", "5:memory:/m\n3:cpu,cpuacct:/docker/x\n1:cpuset:/s\n");
  write("sys/fs/cgroup/cpu,cpuacct/docker/x/cpu.cfs_quota_us", "250000\n");
  write("sys/fs/cgroup/cpu,cpuacct/docker/x/cpu.cfs_period_us", "100000\n");
  EXPECT_DOUBLE_EQ(quota(), 2.5);
  write("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n");
  write("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
  EXPECT_DOUBLE_EQ(quota(), 2.5);
}

TEST_F(CpuQuota, NonsenseIsNoLimit) {
  write("proc/self/cgroup", "no colons\n0::/a\n:::\n");
  for (const char* text : {"", "fast 1", "100000", "100000 0", "-5 100000", "nan nan"}) {
    write("sys/fs/cgroup/a/cpu.max", text);
    EXPECT_TRUE(std::isinf(quota())) << text;
  }
}

}  // namespace
}  // namespace twofour
