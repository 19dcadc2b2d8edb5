// One row of the benchmark: a product or a convolution with a constant 2:4 weight, at one number of columns
// or batch size. A product is Y [N,M] = X [N,K] W^T; a convolution adds a bias and ReLU.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/tensor.h"
#include "sparse/shape_file.h"

namespace twofour::bench {

struct Problem {
  std::string suite;  // the shape file's name without .txt
  std::string name;
  int64_t m = 0, k = 0, n = 0;  // a convolution's: K/groups, R*S*C/groups, output pixels of the batch
  int64_t batch = 0;            // 0: a product
  ConvLayer conv;               // of a convolution
  DType stored = DType::kF32;   // what a network keeps the weight's values as

  bool is_conv() const { return batch > 0; }
  double flops() const { return 2.0 * static_cast<double>(m * conv.groups) * static_cast<double>(k * n); }
  double weights() const { return static_cast<double>(m * conv.groups * k); }
  /// Of the dense weight in f32.
  double weight_bytes() const { return 4.0 * weights(); }
  /// Of the dense weight as it is stored.
  double stored_bytes() const { return static_cast<double>(dtype_size(stored)) * weights(); }
  /// Of half the values as they are stored, and two bits for the place of each.
  double sparse_bytes() const { return stored_bytes() / 2 + weights() / 8; }
};

/// Everything that the benchmark runs, in order; `only`: those whose "suite/name" contains one of them; all
/// when there is none. `quick`: every fifth, and none with more than 16 Mi weights. Throws what read_shapes()
/// throws.
std::vector<Problem> list_problems(const std::string& folder, const std::vector<std::string>& only,
                                   bool quick);

/// The values that every candidate of a problem gets. The weight is 2:4 along the input channels.
struct ProblemData {
  Tensor weight;  // f32 [M,K], or [K,C/groups,R,S]: values that the stored type has
  Tensor scales;  // weights stored as i8: [M], weight = whole number in [-127, 127] * scale of the row
  Tensor bias;    // convolutions: [K]
  Tensor src;     // [N,K], or [batch,C,H,W]; for weights stored as i8 whole numbers in [-127, 127] / 128
  DType stored = DType::kF32;
  /// How many copies of the weight candidates use in turn, so that it comes from memory each time; 1: it
  /// stays where the last run left it, as in a network whose layers fit the caches.
  int64_t copies = 1;
};
/// The weight of `last` is used again when it has the same sizes and type.
ProblemData make_data(const Problem& problem, const ProblemData& last);

}  // namespace twofour::bench
