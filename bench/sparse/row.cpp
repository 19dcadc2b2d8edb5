#include "sparse/row.h"

#include <algorithm>
#include <cmath>

namespace twofour::bench {

const Entry* Row::sparse() const {
  const Entry* best = nullptr;
  for (const Entry& e : entries)
    if (e.role == Role::kSparse && (!best || e.speedup > best->speedup)) best = &e;
  return best;
}

double Row::share(double flops, double bytes, double ms) const {
  const double of_arithmetic = flops / ms * 1e-6 / ceiling_gflops;
  return cold ? std::max(of_arithmetic, bytes / ms * 1e-6 / bandwidth_gbs) : of_arithmetic;
}

double Row::dense_share() const { return share(problem.flops(), problem.weight_bytes(), dense_ms); }

double Row::sparse_share() const {
  constexpr double kBytes = 2.25 / 4;  // half the values, and two bits for the place of each
  return sparse() ? share(problem.flops() / 2, problem.weight_bytes() * kBytes, sparse()->ms) : NAN;
}

const Entry* Row::find(Role role) const {
  const auto found = std::ranges::find(entries, role, &Entry::role);
  return found == entries.end() ? nullptr : &*found;
}

bool is_in(Set set, const Row& row) {
  const Problem& p = row.problem;
  switch (set) {
    case Set::kGemm: return !p.is_conv() && p.m >= 256 && p.k >= 256 && p.n >= 64;
    case Set::kGemv: return !p.is_conv() && p.n <= 4 && row.cold;
    case Set::kConv: return p.is_conv() && p.suite == "resnet50_conv" && (p.batch == 1 || p.batch == 8);
  }
  return false;
}

}  // namespace twofour::bench
