#include "sparse/race.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "base/error.h"
#include "cli/timing.h"
#include "sparse/probe.h"

namespace twofour::bench {
namespace {

using Clock = std::chrono::steady_clock;

/// A dense candidate that takes so many times the time of the fastest of its role in each of the first rounds
/// leaves.
constexpr double kFarBehind = 1.4;
constexpr size_t kTrialRounds = 2;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

std::vector<Candidate> candidates_of(const Problem& problem, const ProblemData& data, int threads,
                                     NodePeer* peer, std::vector<std::string>* refusals) {
  std::vector<Candidate> list = onednn_candidates(problem, data);
  const auto append = [&](std::vector<Candidate> more) { std::ranges::move(more, std::back_inserter(list)); };
  append(openblas_candidates(problem, data));
  append(tactic_candidates(problem, data, refusals));
  if (peer && is_in_onnxruntime(problem.precision)) append({peer->candidate(problem, data, threads)});
  append({fma_candidate()});
  if (data.copies > 1) append({read_candidate()});
  return list;
}

void check_results(const Problem& problem, const std::vector<Candidate>& candidates) {
  const double tolerance = problem.precision == Precision::kBF16 ? 1e-2 : 1e-3;
  std::optional<double> expected;
  for (const Candidate& c : candidates) {
    if (!c.result) continue;
    const double sum = sum_of_squares(c.result());
    if (!expected) expected = sum;
    TWOFOUR_CHECK(std::abs(sum - *expected) <= tolerance * *expected, kInternal,
                  "{}/{}: the squares of {}'s results sum to {}, those of {} to {}", problem.suite,
                  problem.name, c.name, sum, candidates[0].name, *expected);
  }
}

class Rounds {
 public:
  Rounds(std::vector<Candidate> candidates, const Effort& effort)
      : candidates_(std::move(candidates)), effort_(effort) {
    for (const Candidate& c : candidates_) contestants_.push_back(contestant(c));
  }

  const std::vector<Candidate>& candidates() const { return candidates_; }

  void run() {
    const auto start = Clock::now();
    while (rounds_ < effort_.least_rounds ||
           (rounds_ < effort_.most_rounds && seconds_since(start) < effort_.seconds)) {
      run_round(contestants_, rounds_++);
      if (rounds_ != kTrialRounds) continue;
      for (const Role role : {Role::kDense, Role::kOwnDense}) leave_out_slow(role);
    }
  }

  void report(Row* row) const {
    row->rounds = rounds_;
    for (size_t i = 0; i < candidates_.size(); ++i) row->entries.push_back(entry(i));
    row->entries.insert(row->entries.end(), left_out_.begin(), left_out_.end());
    row->dense_ms = cli::median_of(fastest(is_dense)) * 1e3;
    row->dense_name = std::ranges::min(row->entries, {}, [](const Entry& e) {
                        return is_dense(e.role) && !e.left_out ? e.ms : INFINITY;
                      }).name;
  }

 private:
  Contestant contestant(const Candidate& c) const {
    const double once = c.turn_s(1, 1);
    const auto runs = std::max<int64_t>(1, std::llround(effort_.turn_s / std::max(once, 1e-7)));
    return {.name = c.name,
            .run_s = [turn = c.turn_s, runs] { return turn(runs > 1 ? 1 : 0, runs); },
            .others_cpu_s = [] { return 0.0; },  // turns are shorter than the ticks of processor time
            .rest = c.rest};
  }

  void leave_out_slow(Role role) {
    const std::vector<double> least = fastest([role](Role r) { return r == role; });
    for (size_t i = candidates_.size(); i-- > 0;) {
      const std::vector<double>& times = contestants_[i].times_s;
      bool slow = candidates_[i].role == role;
      for (size_t round = 0; round < least.size(); ++round) slow &= times[round] > kFarBehind * least[round];
      if (!slow) continue;
      left_out_.push_back(entry(i));
      left_out_.back().left_out = true;
      candidates_.erase(candidates_.begin() + static_cast<std::ptrdiff_t>(i));
      contestants_.erase(contestants_.begin() + static_cast<std::ptrdiff_t>(i));
    }
  }

  /// The least time of each round of those whose role `counts`; infinity where there are none.
  template <typename Counts>
  std::vector<double> fastest(const Counts& counts) const {
    std::vector<double> least(rounds_, INFINITY);
    for (size_t i = 0; i < candidates_.size(); ++i)
      for (size_t round = 0; round < rounds_ && counts(candidates_[i].role); ++round)
        least[round] = std::min(least[round], contestants_[i].times_s[round]);
    return least;
  }

  /// What a candidate of ours is compared with.
  std::vector<double> opponents(Role role) const {
    if (role == Role::kSparse) return fastest(is_dense);
    return fastest([](Role r) { return r == Role::kDense; });
  }

  Entry entry(size_t i) const {
    const std::vector<double>& times = contestants_[i].times_s;
    Entry entry{.name = candidates_[i].name, .role = candidates_[i].role, .ms = cli::median_of(times) * 1e3};
    if (entry.role == Role::kCeiling || entry.role == Role::kBandwidth)
      entry.ms = std::ranges::min(times) * 1e3;
    if (!is_ours(entry.role)) return entry;
    std::vector<double> speedups = opponents(entry.role);
    if (speedups.empty() || std::isinf(speedups[0])) return entry;
    for (size_t round = 0; round < rounds_; ++round) speedups[round] /= times[round];
    entry.speedup = cli::median_of(speedups);
    entry.low = cli::percentile_of(speedups, 25);
    entry.high = cli::percentile_of(speedups, 75);
    return entry;
  }

  std::vector<Candidate> candidates_;
  std::vector<Contestant> contestants_;  // of the candidates, in the same order
  std::vector<Entry> left_out_;
  Effort effort_;
  size_t rounds_ = 0;
};

}  // namespace

Row race(const Problem& problem, const ProblemData& data, int threads, NodePeer* peer, const Effort& effort) {
  Row row{.problem = problem, .threads = threads, .cold = data.copies > 1};
  Rounds rounds(candidates_of(problem, data, threads, peer, &row.refusals), effort);
  check_results(problem, rounds.candidates());
  rounds.run();
  rounds.report(&row);
  row.ceiling_gflops = fma_flops() / row.find(Role::kCeiling)->ms * 1e-6;
  if (const Entry* read = row.find(Role::kBandwidth)) row.bandwidth_gbs = read_bytes() / read->ms * 1e-6;
  return row;
}

}  // namespace twofour::bench
