#include "sparse/time_model.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace twofour::bench {
namespace {

using Vector = std::array<double, 3>;
using Matrix = std::array<Vector, 3>;

double determinant(const Matrix& a) {
  return a[0][0] * (a[1][1] * a[2][2] - a[1][2] * a[2][1]) -
         a[0][1] * (a[1][0] * a[2][2] - a[1][2] * a[2][0]) +
         a[0][2] * (a[1][0] * a[2][1] - a[1][1] * a[2][0]);
}

/// Cramer's rule; nothing when the columns of `a` are nearly dependent.
std::optional<Vector> solve(const Matrix& a, const Vector& b) {
  constexpr double kLeast = 1e-9;
  const double whole = determinant(a);
  if (!(std::abs(whole) > kLeast * a[0][0] * a[1][1] * a[2][2])) return std::nullopt;
  Vector x{};
  for (size_t column = 0; column < x.size(); ++column) {
    Matrix replaced = a;
    for (size_t row = 0; row < b.size(); ++row) replaced[row][column] = b[row];
    x[column] = determinant(replaced) / whole;
  }
  return x;
}

}  // namespace

TimeModel::Shares TimeModel::shares(int64_t m, int64_t k) const {
  const double packing = packing_ns / static_cast<double>(m), delivery = delivery_ns / static_cast<double>(k);
  const double sum = packing + delivery + code_ns;
  return {packing / sum, delivery / sum, code_ns / sum};
}

std::optional<TimeModel> fit_time_model(std::span<const Row* const> rows) {
  Matrix normal{};
  Vector right{};
  for (const Row* row : rows) {
    const Entry* ours = row->sparse();
    if (!ours) continue;
    const auto m = static_cast<double>(row->problem.m), k = static_cast<double>(row->problem.k);
    const double ns = ours->ms * 1e6 / static_cast<double>(row->problem.n);
    const Vector terms = {k / ns, m / ns, m * k / ns};  // each part of the relative time
    for (size_t i = 0; i < terms.size(); ++i) {
      right[i] += terms[i];
      for (size_t j = 0; j < terms.size(); ++j) normal[i][j] += terms[i] * terms[j];
    }
  }
  const auto parts = solve(normal, right);
  if (!parts) return std::nullopt;
  return TimeModel{std::max((*parts)[0], 0.0), std::max((*parts)[1], 0.0), std::max((*parts)[2], 0.0)};
}

}  // namespace twofour::bench
