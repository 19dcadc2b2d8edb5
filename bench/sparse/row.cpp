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
  const bool is_f32 = p.stored == DType::kF32;
  const bool few_items = !p.is_conv() && p.n <= 4 && row.cold;
  switch (set) {
    case Set::kGemm: return is_f32 && !p.is_conv() && p.m >= 256 && p.k >= 256 && p.n >= 64;
    case Set::kGemv: return is_f32 && few_items;
    case Set::kGemvF16: return p.stored == DType::kF16 && few_items;
    case Set::kGemvBF16: return p.stored == DType::kBF16 && few_items;
    case Set::kGemvI8: return p.stored == DType::kI8 && few_items;
    case Set::kConv: return p.is_conv() && p.suite == "resnet50_conv" && (p.batch == 1 || p.batch == 8);
  }
  return false;
}

}  // namespace twofour::bench
