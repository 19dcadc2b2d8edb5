// How much a build spends on finding fast tactics, and where it keeps what it measured.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace twofour {

struct TuningOptions {
  /// 0: nothing is timed, the first tactic that runs a layer is taken. 1 to 5: more and longer rounds. From 4
  /// on, parameters of the 2:4 kernels are searched where these are among the fastest.
  int level = 3;
  /// Rounds of timing, exactly; 0: as the level says.
  int rounds = 0;
  /// Tactics timed per layer and format, best first; 0: all.
  int max_tactics = 0;
  /// Tactics whose name begins like this are not considered: "onednn", "sparse24.gemm".
  std::vector<std::string> without_tactics;
  /// File of measured times: read when it exists, written after the build. It may be shared by devices,
  /// thread counts and versions of twofour; each uses its own times only.
  std::filesystem::path timing_cache;
  /// A time that the cache misses is an error.
  bool strict_timing_cache = false;
};

}  // namespace twofour
