// What was measured of one problem at one number of threads.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sparse/candidate.h"

namespace twofour::bench {

struct Entry {
  std::string name;
  Role role = Role::kDense;
  double ms = 0;             // median over rounds (until it was left out); of the two ceilings the least
  bool left_out = false;     // a dense candidate far behind the fastest
  double low = 0, high = 0;  // of ours: quartiles of the speedup
  /// kSparse: median over rounds of the fastest dense time / its time. kOwnDense: of the libraries' dense
  /// times; 0 where there are none.
  double speedup = 0;
};

struct Row {
  Problem problem;
  int threads = 1;
  bool cold = false;  // weights come from memory
  size_t rounds = 0;
  std::vector<Entry> entries;
  std::vector<std::string> refusals;  // of sparse tactics

  double dense_ms = 0;        // median over rounds of the fastest dense time
  std::string dense_name;     // whose median is least
  double ceiling_gflops = 0;  // multiply-adds in registers
  double bandwidth_gbs = 0;   // reads of memory; only where weights are cold

  /// The tactic with the largest speedup; null when every one declined.
  const Entry* sparse() const { return best(Role::kSparse); }
  /// Likewise of the dense ones that are compared with a library.
  const Entry* own_dense() const { return best(Role::kOwnDense); }
  const Entry* find(Role role) const;
  /// Upper over lower quartile of the speedup; 1 where no sparse tactic runs.
  double spread() const { return sparse() ? sparse()->high / sparse()->low : 1; }
  /// What 2:4 brings here: 1 where no sparse tactic runs, for the engine is dense then.
  double speedup() const { return sparse() ? sparse()->speedup : 1; }
  double gflops(double ms) const { return problem.flops() / ms * 1e-6; }
  /// Share of what bounds them: the multiply-adds per second, of which sparse needs half, or where weights
  /// are cold the bytes per second, of which sparse needs half and two bits for each value that is kept. In
  /// the place of one multiply-add in f32, which the ceiling counts, stand two in bf16 and four of codes. NaN
  /// where no sparse tactic runs.
  double dense_share() const;
  double sparse_share() const;

 private:
  const Entry* best(Role role) const;
  double share(double flops, double bytes, double ms) const;
};

enum class Set : uint8_t { kGemm, kGemv, kConv };
/// Products with M, K >= 256 and N >= 64; products with N <= 4 and cold weights; ResNet-50 at batch 1 and 8.
/// At any precision.
bool is_in(Set set, const Row& row);

}  // namespace twofour::bench
