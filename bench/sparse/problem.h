// One row of the benchmark: a product or a convolution with a constant 2:4 weight, at one number of columns
// or batch size. A product is Y [N,M] = X [N,K] W^T; a convolution adds a bias and ReLU.
#pragma once

#include <string>
#include <vector>

#include "base/tensor.h"
#include "ops/quantisation/output_codes.h"
#include "precision.h"
#include "sparse/shape_file.h"

namespace twofour::bench {

/// The type of X and Y.
DType dtype_at(Precision precision);

struct Problem {
  std::string suite;  // the shape file's name without .txt
  std::string name;
  Precision precision = Precision::kF32;
  int64_t m = 0, k = 0, n = 0;  // a convolution's: K/groups, R*S*C/groups, output pixels of the batch
  int64_t batch = 0;            // 0: a product
  ConvLayer conv;               // of a convolution
  DType stored = DType::kF32;   // what a network keeps the weight's values as

  /// What the weight is multiplied as.
  DType weight_dtype() const { return precision == Precision::kF32 ? DType::kF32 : stored; }
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

/// What the benchmark runs at a precision, in order; `only`: those whose "suite/name" contains one of them;
/// all when there is none. `quick`: every fifth, and none with more than 16 Mi weights. Weights that are
/// stored in another type than they are multiplied in belong to f32. Throws what read_shapes() throws.
std::vector<Problem> list_problems(const std::string& folder, Precision precision,
                                   const std::vector<std::string>& only, bool quick);

/// The values that every candidate of a problem gets. The weight is 2:4 along the input channels.
struct ProblemData {
  Tensor weight;  // [M,K], or [K,C/groups,R,S]: in f32 values that the stored type has
  Tensor scales;  // weights stored as i8: of each row
  Tensor bias;    // convolutions: [K]; of X's type, f32 in int8
  Tensor src;     // [N,K], or [batch,C,H,W]: where weights are stored as i8, codes (sparse/codes.h) or, in
                  // f32, the values of codes
  ops::OutputCodes dst;  // in int8: the codes of Y, which clip few of its values
  DType stored = DType::kF32;
  /// How many copies of the weight candidates use in turn, so that it comes from memory each time; 1: it
  /// stays where the last run left it, as in a network whose layers fit the caches.
  int64_t copies = 1;
};
/// The weight of `last` is used again when it has the same sizes and type.
ProblemData make_data(const Problem& problem, const ProblemData& last);

}  // namespace twofour::bench
