#include "sparse/row.h"

#include <algorithm>
#include <cmath>

namespace twofour::bench {
namespace {

/// Multiply-adds of one lane of an instruction.
double per_lane(Precision precision) {
  switch (precision) {
    case Precision::kBF16: return 2;
    case Precision::kInt8: return 4;
    case Precision::kF32: break;
  }
  return 1;
}

}  // namespace

const Entry* Row::best(Role role) const {
  const Entry* best = nullptr;
  for (const Entry& e : entries)
    if (e.role == role && !e.left_out && e.speedup > (best ? best->speedup : 0)) best = &e;
  return best;
}

double Row::share(double flops, double bytes, double ms) const {
  const double of_arithmetic = flops / ms * 1e-6 / (ceiling_gflops * per_lane(problem.precision));
  return cold ? std::max(of_arithmetic, bytes / ms * 1e-6 / bandwidth_gbs) : of_arithmetic;
}

double Row::dense_share() const { return share(problem.flops(), problem.stored_bytes(), dense_ms); }

double Row::sparse_share() const {
  return sparse() ? share(problem.flops() / 2, problem.sparse_bytes(), sparse()->ms) : NAN;
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
