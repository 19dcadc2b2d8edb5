// One way to compute a problem, ready to run.
#pragma once

#include <chrono>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "sparse/problem.h"

namespace twofour::bench {

enum class Role : uint8_t {
  kDense,        // the fastest of a round is what ours is compared with
  kInformation,  // shown, compared with nothing
  kSparse,       // a sparse tactic of the backend
  kCeiling,      // a loop of fused multiply-adds in registers
  kBandwidth     // a loop that reads memory
};

struct Candidate {
  std::string name;
  Role role = Role::kDense;
  /// Mean seconds of `runs` runs after `warm` that do not count.
  std::function<double(int64_t warm, int64_t runs)> turn_s;
  /// What the last run wrote, in any order; none: it cannot be seen.
  std::function<std::span<const float>()> result;
  /// How long its threads still spin after a turn.
  std::chrono::milliseconds rest{0};
};

/// A candidate of this process: `run(copy)` runs it with one copy of its weight. Every run takes the next.
Candidate in_process(std::string name, Role role, int64_t copies, std::function<void(int64_t copy)> run,
                     std::function<std::span<const float>()> result);

/// oneDNN in every order of memory that it takes, in f32; in bf16 as information, unless the weights are
/// stored as halves; also in bytes where they are stored as i8.
std::vector<Candidate> onednn_candidates(const Problem& problem, const ProblemData& data);
/// "oneDNN 2.6.3".
std::string onednn_title();
/// OpenBLAS, when the program was built with it; products only.
std::vector<Candidate> openblas_candidates(const Problem& problem, const ProblemData& data);
/// "OpenBLAS 0.3.21 (SkylakeX)", or empty.
std::string openblas_title();
/// The backend's sparse tactics that support the problem, each as an engine would run it. `refusals`: why
/// the others do not.
std::vector<Candidate> tactic_candidates(const Problem& problem, const ProblemData& data,
                                         std::vector<std::string>* refusals);

}  // namespace twofour::bench
