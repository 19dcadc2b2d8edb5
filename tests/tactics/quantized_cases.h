// Cases of QuantizedConv and QuantizedMatMul, and both oneDNN tactics of each: on codes (with VNNI) and on
// their values.
#pragma once

#include <optional>

#include "tactics/harness.h"

namespace twofour::tactic_test {

inline constexpr std::array kResults = {DType::kF32, DType::kU8, DType::kI8};

/// The tactics of the case's operator.
const backend::Tactic& on_codes(const Case& test);
const backend::Tactic& on_values(const Case& test);

/// Runs both, where the one on codes may decline.
void check_both(const Case& test, const RunOptions& options = {});
/// Where it must not, given VNNI.
void expect_both(const Case& test, const RunOptions& options = {});

/// Each of the packed constants missing, or of another type.
void expect_bad_packs_refused(const backend::Tactic& tactic, const Case& test);
void expect_bad_packs_refused(const Case& test);

/// Any code.
CaseInput codes(DType dtype, Shape shape, bool constant = false);

/// What surrounds a product.
struct Around {
  DType dst = DType::kU8;
  std::optional<int> zero_point = std::nullopt;  // of the left side
  bool constant = true;                          // scale, bias and zero point
  bool one_scale = false;
  bool bias = true;
  std::optional<DType> residual = std::nullopt;
  Attrs attrs = {};
};

/// Products of `terms` terms; the results are up to a few hundred codes about the zero point.
Case around(const std::string& op, const CaseInput& left, const CaseInput& weight, int64_t channels,
            int64_t terms, const Around& a);
/// Every code of the left side is `left` and of the weight `weight`; of sums of `terms` products, what is so
/// large is some 30 codes.
Case filled(Case test, int left, int weight, int64_t terms);

/// None, the lowest, one in the middle, the highest.
std::vector<std::optional<int>> zero_points(DType dtype);

}  // namespace twofour::tactic_test
