// One way to compute a problem, ready to run.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "sparse/problem.h"

namespace twofour::bench {

enum class Role : uint8_t {
  kDense,     // of a library; what is ours is compared with the fastest of a round
  kOwnDense,  // a dense tactic of the backend; sparse ones are compared with these, too
  kSparse,    // a sparse tactic of the backend
  kCeiling,   // a loop of fused multiply-adds in registers
  kBandwidth  // a loop that reads memory
};
constexpr bool is_dense(Role role) { return role == Role::kDense || role == Role::kOwnDense; }
constexpr bool is_ours(Role role) { return role == Role::kOwnDense || role == Role::kSparse; }

struct Candidate {
  std::string name;
  Role role = Role::kDense;
  /// Mean seconds of `runs` runs after `warm` that do not count.
  std::function<double(int64_t warm, int64_t runs)> turn_s;
  /// What the last run wrote, in any order; none: it cannot be seen.
  std::function<Tensor()> result;
  /// How long its threads still spin after a turn.
  std::chrono::milliseconds rest{0};
};

/// A candidate of this process: `run(copy)` runs it with one copy of its weight. Every run takes the next.
Candidate in_process(std::string name, Role role, int64_t copies, std::function<void(int64_t copy)> run,
                     std::function<Tensor()> result);

/// Of a result: the same in every order of memory, where padding is zero.
double sum_of_squares(const Tensor& values);

/// oneDNN in every order of memory that it takes, in the problem's precision; in f32 also in bf16 where the
/// weights are stored as halves, and in bytes where they are stored as i8. None in int8: the backend's dense
/// tactics are oneDNN's there.
std::vector<Candidate> onednn_candidates(const Problem& problem, const ProblemData& data);
/// "oneDNN 2.6.3".
std::string onednn_title();
/// OpenBLAS, when the program was built with it; products in f32 only.
std::vector<Candidate> openblas_candidates(const Problem& problem, const ProblemData& data);
/// "OpenBLAS 0.3.21 (SkylakeX)", or empty.
std::string openblas_title();
/// The backend's sparse tactics that support the problem, each as an engine would run it; below f32 those of
/// oneDNN, too. `refusals`: why the other sparse ones do not.
std::vector<Candidate> tactic_candidates(const Problem& problem, const ProblemData& data,
                                         std::vector<std::string>* refusals);

}  // namespace twofour::bench
