// Where the time of a sparse product goes, found without touching the kernels: packing X costs K N,
// delivering Y costs M N and the code in between M K N, so that products of many sizes tell them apart.
#pragma once

#include <optional>
#include <span>

#include "sparse/row.h"

namespace twofour::bench {

/// Nanoseconds per element: time = packing K N + delivery M N + code M K N.
struct TimeModel {
  double packing_ns = 0, delivery_ns = 0, code_ns = 0;

  struct Shares {
    double packing = 0, delivery = 0, code = 0;  // of the whole, which is 1
  };
  Shares shares(int64_t m, int64_t k) const;
};

/// Least squares of the relative error over the sparse times of `rows`; a part that would be negative is
/// nothing. Nothing when the sizes do not tell the parts apart.
std::optional<TimeModel> fit_time_model(std::span<const Row* const> rows);

}  // namespace twofour::bench
